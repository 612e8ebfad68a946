#!/usr/bin/env bash
# setup.sh [--tests]
#
# The set-up that run.sh and test.sh share: packages, Highway, the sample's model, the native library and the samples; with
# --tests, the native tests and all managed projects. Takes seconds when nothing changed.
. "$(dirname "$0")/common.sh"

"$repository/build/install-packages.sh"
"$repository/build/fetch-model.sh" > /dev/null
say "building the native library"
"$repository/build/build-native.sh" "$@"
say "building the managed projects"
targets=(managed/samples/SemanticSearch managed/samples/LongContext managed/samples/Reverb)
[ "${1:-}" != --tests ] || targets=(Kernels.Interop.sln)
for target in "${targets[@]}"; do
  dotnet build "$repository/$target" --configuration Release --nologo --verbosity quiet -maxcpucount:2
done
