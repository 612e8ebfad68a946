#!/usr/bin/env bash
# install-packages.sh [benchmarks]
#
# Sees to it that what the builds and tests need is on this Debian machine: Debian's packages, the .NET SDK 10 and npm.
# Missing packages are installed when it may (as root, or through sudo without a password); else it says what to install.
# `benchmarks` adds the libraries that the benchmarks compare with; they are optional.
. "$(dirname "$0")/common.sh"

# command or file that shows a package is there : package
needs="
  g++:g++ cmake:cmake ninja:ninja-build ccache:ccache flock:util-linux python3:python3
  /usr/include/gtest/gtest.h:libgtest-dev /usr/lib/x86_64-linux-gnu/libclang-14.so.1:libclang1-14
"
[ "${1:-}" != benchmarks ] || needs+="
  /usr/include/benchmark/benchmark.h:libbenchmark-dev /usr/include/fftw3.h:libfftw3-dev
"

missing=()
for need in $needs; do
  thing=${need%%:*}
  case $thing in
    /*) [ -e "$thing" ] || missing+=("${need#*:}") ;;
    *) command -v "$thing" > /dev/null || missing+=("${need#*:}") ;;
  esac
done

if [ ${#missing[@]} -gt 0 ]; then
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2> /dev/null || fail "please install: apt-get install ${missing[*]}"
    as_root=sudo
  fi
  say "installing ${missing[*]}"
  $as_root apt-get -qq update
  DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install -y --no-install-recommends "${missing[@]}" > /dev/null
fi

dotnet --list-sdks 2> /dev/null | grep -q '^10\.' ||
  fail "the .NET SDK 10 is missing: install the package dotnet-sdk-10.0 from Microsoft's feed for Debian 12"
command -v npm > /dev/null || fail "npm is missing: install the package npm"
