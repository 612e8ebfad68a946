#!/usr/bin/env bash
# get-highway.sh [FOLDER]
#
# Unpacks the headers of Highway 1.2.0 into FOLDER/include, by default where cmake/FindHighway.cmake looks for them.
# They come from the package libhwy-dev of Debian trixie, through an apt of its own: nothing is installed on the system
# and its package sources stay as they are. On a system whose own libhwy-dev is 1.2.0 or newer there is no need for this.
#
# KI_DEBIAN_MIRROR  mirror to use; by default the one this machine's apt uses
. "$(dirname "$0")/common.sh"

folder=${1:-$cache/highway-1.2.0}
mkdir -p "$(dirname "$folder")"
exec 9> "$folder.lock"
flock 9
[ ! -f "$folder/include/hwy/highway.h" ] || exit 0

command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null ||
  fail "this needs apt-get and dpkg-deb; elsewhere, unpack Highway 1.2.0 and point CMake's KI_HIGHWAY_DIR at it"
mirror=${KI_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' |
  awk -F'|' '$1 ~ /^Debian/ && $2 == "main" { print $3; exit }')}
[ -n "$mirror" ] || fail "no Debian mirror known: run apt-get update, or set KI_DEBIAN_MIRROR"

work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/new"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$work/sources.list"
private_apt() {
  apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$work/lists" \
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

say "fetching Highway's headers"
private_apt update
(cd "$work" && private_apt download libhwy-dev)
dpkg-deb -x "$work"/libhwy-dev_*.deb "$work/new"
grep -q 'define HWY_MINOR [2-9]' "$work/new/usr/include/hwy/base.h" || fail "the package holds an older Highway than 1.2"
rm -rf "$folder"
mkdir "$folder"
mv "$work/new/usr/include" "$folder/include"
cp "$work/new/usr/share/doc/libhwy-dev/copyright" "$folder/copyright"
say "unpacked into $folder"
