#!/bin/sh
# Writes bindings/generated from native/include/kernels_interop.h. Arguments go to the generator: --check only compares.
set -eu
exec dotnet run --project "$(dirname "$0")/generator" --configuration Release -- "$@"
