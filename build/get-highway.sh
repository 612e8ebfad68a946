#!/usr/bin/env bash
# get-highway.sh [FOLDER]
#
# Unpacks the headers of Highway 1.2.0 into FOLDER/include, by default where cmake/FindHighway.cmake looks for them.
# They come from the package libhwy-dev of Debian trixie; nothing is installed on the system. On a system whose own
# libhwy-dev is 1.2.0 or newer there is no need for this.
#
# KI_DEBIAN_MIRROR  mirror to use; by default the one this machine's apt uses
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/private-apt.sh"

folder=${1:-$cache/highway-1.2.0}
mkdir -p "$(dirname "$folder")"
exec 9> "$folder.lock"
flock 9
[ ! -f "$folder/include/hwy/highway.h" ] || exit 0

mirror=$(debian_mirror) || fail "elsewhere, unpack Highway 1.2.0 and point CMake's KI_HIGHWAY_DIR at it"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "fetching Highway's headers"
set_up_private_apt "$mirror" main
fetch_packages libhwy-dev
dpkg-deb -x "$work"/packages/libhwy-dev_*.deb "$work/new"
grep -q 'define HWY_MINOR [2-9]' "$work/new/usr/include/hwy/base.h" || fail "the package holds an older Highway than 1.2"
rm -rf "$folder"
mkdir "$folder"
mv "$work/new/usr/include" "$folder/include"
cp "$work/new/usr/share/doc/libhwy-dev/copyright" "$folder/copyright"
say "unpacked into $folder"
