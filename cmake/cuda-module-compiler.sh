#!/usr/bin/env bash
# cuda-module-compiler.sh -E FLAG... SOURCE            the preprocessed source
# cuda-module-compiler.sh -c FLAG... -o FILE SOURCE    all that is made of a module, as a tar file
#
# nvcc and ptxas behind the face of a C++ compiler, one source in and one file out, so that ccache can keep what they made.
# The tar file holds module.ptx, module.cubin assembled from exactly that text, module.ptxas.txt (what ptxas says of
# registers and memory) and module.lines.ptx (the text before its line numbers were taken out).
#
# KI_NVCC, KI_PTXAS  the compilers
# KI_ROOT            folder of the sources, which what is made must not name
set -euo pipefail

source=${!#} compile=("$KI_NVCC" -std=c++17 -arch=compute_80 "-Xcompiler=-fmacro-prefix-map=$KI_ROOT=.")
case " $* " in *" -E "*) exec "${compile[@]}" "$@" ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=() out=
while [ $# -gt 0 ]; do
  case $1 in
    -c) ;;
    -o) out=$2; shift ;;
    *) flags+=("$1") ;;
  esac
  shift
done
"${compile[@]}" -ptx -lineinfo -Werror all-warnings "${flags[@]}" -o "$work/raw.ptx"

# Names with internal linkage carry a hash of the source's path; a module is one source, so they need none.
sed -E 's/_(INTERNAL|GLOBAL__N_)_[0-9a-f]{8}_/_\1_00000000_/g' "$work/raw.ptx" > "$work/module.lines.ptx"

# Line numbers name the folders of the machine that compiled, and nothing that runs needs them.
sed -E '/^[[:space:]]*\.(loc|file)[[:space:]]/d; /^[[:space:]]*\.section[[:space:]]/,/^[[:space:]]*\}/d' \
  "$work/module.lines.ptx" > "$work/module.ptx"
! grep -nF -e "$KI_ROOT" -e "${KI_NVCC%/bin/nvcc}/" "$work/module.ptx" >&2 ||
  { echo "$source: the PTX above names folders of this machine" >&2; exit 1; }

# ptxas calls some of its worst news information: C75xx says that tensor instructions were serialised.
if ! "$KI_PTXAS" -v -arch=sm_80 -Werror -warn-spills -o "$work/module.cubin" "$work/module.ptx" > "$work/module.ptxas.txt" 2>&1 ||
  grep -qE '\(C75[0-9]{2}\)' "$work/module.ptxas.txt"; then
  cat "$work/module.ptxas.txt" >&2
  exit 1
fi
tar -C "$work" -cf "$out" module.ptx module.cubin module.ptxas.txt module.lines.ptx
