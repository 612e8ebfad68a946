#!/usr/bin/env bash
# compile-cuda-module.sh NVCC PTXAS SOURCE ROOT STEM SOURCES_FOLDER FLAG...
#
# Compiles one CUDA source below the folder ROOT to what is shipped of it: STEM.ptx, and STEM.cubin assembled from exactly
# that text, so that whoever executes the PTX executes what the machine code was made from. Beside them stay STEM.d (what
# it depends on) and STEM.ptxas.txt (what ptxas says of registers and memory). The text before its line numbers were taken
# out goes to SOURCES_FOLDER under the SHA-256 of STEM.ptx, where a debugger of PTX finds source lines.
set -euo pipefail
nvcc=$1 ptxas=$2 source=$3 root=$4 stem=$5 sources=$6
shift 6

work=$(mktemp -d "$stem.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$nvcc" -ptx -lineinfo -std=c++17 -arch=compute_80 -Werror all-warnings "-Xcompiler=-fmacro-prefix-map=$root=." \
  "$@" -MMD -MF "$stem.d" -MT "$stem.ptx" -o "$work/raw.ptx" "$source"

# Names with internal linkage carry a hash of the source's path; a module is one source, so they need none.
sed -E 's/_(INTERNAL|GLOBAL__N_)_[0-9a-f]{8}_/_\1_00000000_/g' "$work/raw.ptx" > "$work/lines.ptx"

# Line numbers name the folders of the machine that compiled, and nothing that runs needs them.
sed -E '/^[[:space:]]*\.(loc|file)[[:space:]]/d; /^[[:space:]]*\.section[[:space:]]/,/^[[:space:]]*\}/d' \
  "$work/lines.ptx" > "$work/stripped.ptx"
! grep -nF -e "$root" -e "${nvcc%/bin/nvcc}/" "$work/stripped.ptx" >&2 ||
  { echo "$source: the PTX above names folders of this machine" >&2; exit 1; }

# ptxas calls some of its worst news information: C75xx says that tensor instructions were serialised.
if ! "$ptxas" -v -arch=sm_80 -Werror -warn-spills -o "$work/cubin" "$work/stripped.ptx" > "$work/ptxas.txt" 2>&1 ||
  grep -qE '\(C75[0-9]{2}\)' "$work/ptxas.txt"; then
  cat "$work/ptxas.txt" >&2
  exit 1
fi

mkdir -p "$sources"
hash=$(sha256sum < "$work/stripped.ptx" | cut -d ' ' -f 1)
mv "$work/lines.ptx" "$sources/$hash.ptx"
mv "$work/ptxas.txt" "$stem.ptxas.txt"
mv "$work/cubin" "$stem.cubin"
mv "$work/stripped.ptx" "$stem.ptx"
