#!/usr/bin/env bash
# compile_module_test.sh COMPILE NVCC PTXAS CXX
#
# What cmake/compile-cuda-module.sh promises: the same bytes wherever the sources lie, no folder of the machine in them, line
# numbers beside them, and refusal of sources that warn or spill.
set -euo pipefail
compile=$1 nvcc=$2 ptxas=$3 cxx=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCACHE_DISABLE=1
fail() { echo "FAILED: $*" >&2; exit 1; }

# Internal linkage, __FILE__ and line numbers are the ways by which a folder gets into PTX.
write_source() { # root
  mkdir -p "$1/room/cuda" "$1/out"
  cat > "$1/room/cuda/kernel.cu" << 'CODE'
__constant__ char place[] = __FILE__;
static __device__ float table[4] = {1, 2, 3, 4};
namespace {
__device__ __noinline__ float look_up(float x) { return x * table[static_cast<int>(x) & 3]; }
}  // namespace
extern "C" __global__ void kernel(float* x) { x[threadIdx.x] = look_up(x[threadIdx.x]) + place[threadIdx.x]; }
CODE
}

compile_in() { # root, flag...
  local root=$1
  shift
  "$compile" "$nvcc" "$ptxas" "$root/room/cuda/kernel.cu" "$root" "$root/out/kernel" "$root/sources" "--compiler-bindir=$cxx" "$@"
}

one=$work/one another=$work/another/place
for root in "$one" "$another"; do
  write_source "$root"
  compile_in "$root" || fail "a plain source does not compile"
done
for kind in ptx cubin; do
  cmp "$one/out/kernel.$kind" "$another/out/kernel.$kind" || fail "the $kind depends on the folder"
  ! grep -aqF "$work" "$one/out/kernel.$kind" || fail "the $kind names the folder"
done
grep -q 'look_up' "$one/out/kernel.ptx" || fail "the source has no function of internal linkage any more"
! grep -qE '^[[:space:]]*\.(loc|file|section)' "$one/out/kernel.ptx" || fail "line numbers are shipped"

hash=$(sha256sum < "$one/out/kernel.ptx" | cut -d ' ' -f 1)
grep -qE '^[[:space:]]*\.loc' "$one/sources/$hash.ptx" || fail "the PTX with line numbers is not under the hash"
diff <(sed -E '/^[[:space:]]*\.(loc|file)[[:space:]]/d; /^[[:space:]]*\.section/,/^[[:space:]]*\}/d' "$one/sources/$hash.ptx") \
  "$one/out/kernel.ptx" || fail "the two texts differ by more than line numbers"
grep -q 'room/cuda/kernel.cu' "$one/out/kernel.d" || fail "the dependencies lack the source"
grep -q 'Used [0-9]* registers' "$one/out/kernel.ptxas.txt" || fail "ptxas' report is missing"

if command -v ccache > /dev/null; then
  for turn in first second; do
    cp -r "$one" "$work/$turn"
    rm "$one"/out/*
    (unset CCACHE_DISABLE; CCACHE_DIR=$work/cache compile_in "$one") || fail "a plain source does not compile by ccache"
    diff -r -x kernel.d "$one" "$work/$turn" || fail "what the $turn compilation by ccache makes differs"
  done
  [ "$(CCACHE_DIR=$work/cache ccache --print-stats | sed -n 's/^direct_cache_hit\t//p')" = 1 ] || fail "ccache kept nothing"
fi

refuses() { # what, code
  printf '%s\n' "$2" > "$one/room/cuda/kernel.cu"
  rm "$one"/out/*
  ! compile_in "$one" 2> /dev/null || fail "$1 is accepted"
  [ ! -e "$one/out/kernel.ptx" ] || fail "$1 leaves PTX behind"
}
refuses "a warning" 'extern "C" __global__ void kernel(float* x) { int unused; x[0] = 1; }'
refuses "a spill" 'extern "C" __global__ void __launch_bounds__(1024) kernel(float* x) {
  float v[256];
#pragma unroll
  for (int i = 0; i < 256; ++i) v[i] = x[i * 1024 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < 256; ++i) x[(i * 7 % 256) * 1024 + threadIdx.x] = v[i] * v[255 - i];
}'
echo "all promises hold"
