#!/usr/bin/env bash
# build-native.sh [--tests] [--benchmarks]
#
# Builds the native library into artifacts/native, and the native tests and benchmarks if asked for.
#
# KI_CUDA_DIR      folder of a CUDA toolkit, 12.4 or newer; by default one is fetched into the cache
# KI_WITHOUT_CUDA  set to 1: builds without the CUDA kernels, and fetches nothing for them
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
cuda=ON
if [ "${KI_WITHOUT_CUDA:-0}" = 1 ]; then
  cuda=OFF
  say "building without the CUDA kernels, as KI_WITHOUT_CUDA asks"
elif [ -z "${KI_CUDA_DIR:-}" ] && ! "$repository/build/get-cuda.sh"; then
  cuda=OFF
  say "BUILDING WITHOUT THE CUDA KERNELS: the CUDA compilers cannot be had, for the reason above"
fi
tree=$repository/artifacts/build/release
mkdir -p "$tree"
cmake -S "$repository" -B "$tree" -G Ninja -DKI_TESTS=$tests -DKI_BENCHMARKS=$benchmarks -DKI_CUDA=$cuda \
  "-DKI_CUDA_DIR=${KI_CUDA_DIR:-}" > "$tree/configure.log" 2>&1 ||
  { cat "$tree/configure.log" >&2; exit 1; }
cmake --build "$tree"
