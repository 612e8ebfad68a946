#!/usr/bin/env bash
# fetch-speech.sh [FOLDER]
#
# Unpacks the recordings of a voice that the sample Reverb plays into FOLDER, by default where the sample looks for them. They
# come from the package alsa-utils of Debian trixie (GPL-2); nothing is installed on the system. Fetches 1 MB.
#
# KI_DEBIAN_MIRROR  mirror to use; by default the one this machine's apt uses
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/private-apt.sh"

folder=${1:-$cache/speech}
mkdir -p "$(dirname "$folder")"
exec 9> "$folder.lock"
flock 9
[ ! -d "$folder" ] || exit 0

mirror=$(debian_mirror) || fail "elsewhere, name a WAV file of your own with --input"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "fetching recordings of a voice"
set_up_private_apt "$mirror" main
fetch_packages alsa-utils
dpkg-deb -x "$work"/packages/alsa-utils_*.deb "$work/unpacked"
mkdir "$work/new"
# "Front center", "front left" and so on; the file of noise is none.
mv "$work"/unpacked/usr/share/sounds/alsa/*_{Center,Left,Right}.wav "$work/new/"
cp "$work/unpacked/usr/share/doc/alsa-utils/copyright" "$work/new/"
mv -T "$work/new" "$folder"
say "unpacked into $folder"
