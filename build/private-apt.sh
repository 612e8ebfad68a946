# Shared by the scripts that unpack packages of Debian trixie; sourced, not run, after common.sh. It gives them an apt with
# sources, lists and a cache of its own under $work: nothing is installed on the system, and its package sources stay as
# they are.
#
# KI_DEBIAN_MIRROR  mirror to use; by default the one this machine's apt uses

debian_mirror() {
  command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || { say "apt-get and dpkg-deb are missing" >&2; return 1; }
  local mirror
  mirror=${KI_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' '$1 ~ /^Debian/ && $2 == "main" { print $3; exit }')}
  [ -n "$mirror" ] || { say "no Debian mirror known: run apt-get update, or set KI_DEBIAN_MIRROR" >&2; return 1; }
  echo "$mirror"
}

# Prepares the apt in $work for these components.
set_up_private_apt() { # mirror, component...
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $1 trixie ${*:2}" > "$work/sources.list"
  private_apt update
}

private_apt() {
  apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$work/lists" \
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# Fetches packages into $work/packages; apt checks them against the archive's signature.
fetch_packages() { # package...
  (cd "$work/packages" && private_apt download "$@")
}
