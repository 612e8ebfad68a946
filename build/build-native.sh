#!/usr/bin/env bash
# build-native.sh [--tests] [--benchmarks]
#
# Builds the native library into artifacts/native, and the native tests and benchmarks if asked for.
. "$(dirname "$0")/common.sh"

tests=OFF benchmarks=OFF
for option in "$@"; do
  case $option in
    --tests) tests=ON ;;
    --benchmarks) benchmarks=ON ;;
    *) fail "unknown option $option" ;;
  esac
done

"$repository/build/get-highway.sh"
tree=$repository/artifacts/build/release
mkdir -p "$tree"
cmake -S "$repository" -B "$tree" -G Ninja -DKI_TESTS=$tests -DKI_BENCHMARKS=$benchmarks > "$tree/configure.log" 2>&1 ||
  { cat "$tree/configure.log" >&2; exit 1; }
cmake --build "$tree"
