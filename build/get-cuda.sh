#!/usr/bin/env bash
# get-cuda.sh [FOLDER]
#
# Lays out the CUDA 12.4 compilers (nvcc, cicc, ptxas, cuobjdump, nvdisasm), their headers and CUTLASS in FOLDER, by default
# where cmake/FindCudaCompiler.cmake looks for them. They come from packages of Debian trixie; nothing is installed on the
# system. Fetches about 1 GB and keeps 220 MB; takes a minute. With a CUDA toolkit of your own there is no need for this:
# point CMake's KI_CUDA_DIR at it.
#
# KI_DEBIAN_MIRROR  mirror to use; by default the one this machine's apt uses
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/private-apt.sh"

folder=${1:-$cache/cuda-12.4}
mkdir -p "$(dirname "$folder")"
exec 9> "$folder.lock"
flock 9
present() { [ -x "$folder/bin/nvcc" ] && [ -f "$folder/include/cuda.h" ] && [ -d "$folder/include/cutlass" ]; }
! present || exit 0

[ "$(uname -m)" = x86_64 ] || fail "the packages are for x86-64, and this machine is $(uname -m)"
mirror=$(debian_mirror) || fail "elsewhere, install CUDA 12.4 or newer and point CMake's KI_CUDA_DIR at it"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
unpacked=$work/unpacked new=$work/new
mkdir -p "$unpacked" "$new"/{bin,nvvm/bin,nvvm/libdevice,licenses}

package() { echo "$work/packages/$1"_*.deb; }

# This package is 0.9 GB for its static libraries, which nothing here needs. Its headers come first: tar stops after the
# last wanted member, and what unpacks the archive then ends on a broken pipe.
unpack_headers() {
  (set +o pipefail
   dpkg-deb --fsys-tarfile "$(package nvidia-cuda-dev)" 2> /dev/null |
     tar -x -C "$unpacked" --occurrence=1 ./usr/include ./usr/lib/x86_64-linux-gnu/libcudadevrt.a)
  rm -r "$unpacked/usr/lib"
  [ -s "$unpacked/usr/include/cuda.h" ] && [ -s "$unpacked/usr/include/crt/host_config.h" ] ||
    fail "the package nvidia-cuda-dev does not begin with its headers"
  rm "$(package nvidia-cuda-dev)"
}

# NVIDIA's own layout, so that nvcc finds everything from its own place.
lay_out() {
  local usr=$unpacked/usr kit=$unpacked/usr/lib/nvidia-cuda-toolkit program
  for program in ptxas fatbinary nvlink cudafe++ cuobjdump nvdisasm bin2c cu++filt; do
    mv "$usr/bin/$program" "$new/bin/"
  done
  mv "$kit/bin/nvcc" "$kit/bin/crt" "$new/bin/" # the program, not Debian's wrapper around it
  mv "$kit/bin/cicc" "$new/nvvm/bin/"
  mv "$kit/libdevice/libdevice.10.bc" "$new/nvvm/libdevice/"
  mv "$usr/include" "$new/include"
  for program in nvidia-cuda-toolkit libcutlass-dev; do
    cp "$usr/share/doc/$program/copyright" "$new/licenses/$program.copyright"
  done
  # Debian's profile names folders of the system; this one is relative to nvcc.
  cat > "$new/bin/nvcc.profile" << 'PROFILE'
TOP                = $(_HERE_)/..
NVVMIR_LIBRARY_DIR = $(TOP)/$(_NVVM_BRANCH_)/libdevice
PATH              += $(TOP)/$(_NVVM_BRANCH_)/bin:$(_HERE_):
INCLUDES          += "-I$(TOP)/include" $(_SPACE_)
PROFILE
}

try_out() {
  cat > "$work/try.cu" << 'CODE'
#include <cub/warp/warp_reduce.cuh>
#include <cuda_bf16.h>
#include <cutlass/numeric_types.h>
extern "C" __global__ void sum(float* x) {
  __shared__ cub::WarpReduce<float>::TempStorage storage;
  x[threadIdx.x] = cub::WarpReduce<float>(storage).Sum(sinf(x[threadIdx.x])) + __bfloat162float(__float2bfloat16(x[0]));
}
CODE
  "$new/bin/nvcc" -std=c++17 -arch=sm_80 -cubin -o "$work/try.cubin" "$work/try.cu"
  "$new/bin/cuobjdump" -sass "$work/try.cubin" | grep -q 'Function : sum' || fail "the compiler makes no code"
}

say "fetching the CUDA compilers and headers (1 GB)"
set_up_private_apt "$mirror" main contrib non-free
packages=(nvidia-cuda-toolkit libcu++-dev libcub-dev libthrust-dev libcutlass-dev)
fetch_packages nvidia-cuda-dev "${packages[@]}"
unpack_headers
for name in "${packages[@]}"; do dpkg-deb -x "$(package "$name")" "$unpacked"; done
lay_out
try_out
rm -rf "$folder"
mv -T "$new" "$folder"
say "unpacked into $folder"
