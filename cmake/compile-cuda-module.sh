#!/usr/bin/env bash
# compile-cuda-module.sh NVCC PTXAS SOURCE ROOT STEM SOURCES_FOLDER FLAG...
#
# Compiles one CUDA source below the folder ROOT to what is shipped of it: STEM.ptx, and STEM.cubin assembled from exactly
# that text, so that whoever executes the PTX executes what the machine code was made from. Beside them stay STEM.d (what
# it depends on) and STEM.ptxas.txt (what ptxas says of registers and memory). The text before its line numbers were taken
# out goes to SOURCES_FOLDER under the SHA-256 of STEM.ptx, where a debugger of PTX finds source lines.
#
# What was compiled once comes from ccache, where there is one.
set -euo pipefail
nvcc=$1 ptxas=$2 source=$3 root=$4 stem=$5 sources=$6
shift 6

work=$(mktemp -d "$stem.XXXXXX")
trap 'rm -rf "$work"' EXIT

# ccache is told to take the compiler for a gcc, and to know it by what is in the script and in NVIDIA's programs: the
# script's time is that of the checkout.
export KI_NVCC=$nvcc KI_PTXAS=$ptxas KI_ROOT=$root
export CCACHE_COMPILERTYPE=gcc CCACHE_COMPILERCHECK=content CCACHE_EXTRAFILES=$nvcc:$ptxas
$(command -v ccache) "$(dirname "$0")/cuda-module-compiler.sh" -c "$@" -MMD -MF "$stem.d" -MT "$stem.ptx" \
  -o "$work/module.o" "$source"
tar -C "$work" -xf "$work/module.o"

mkdir -p "$sources"
hash=$(sha256sum < "$work/module.ptx" | cut -d ' ' -f 1)
mv "$work/module.lines.ptx" "$sources/$hash.ptx"
mv "$work/module.ptxas.txt" "$stem.ptxas.txt"
mv "$work/module.cubin" "$stem.cubin"
mv "$work/module.ptx" "$stem.ptx"
