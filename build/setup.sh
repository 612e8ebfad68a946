#!/usr/bin/env bash
# setup.sh [--tests]
#
# The set-up that run.sh and test.sh share: packages, Highway, the sample's model, the native library and the sample; with
# --tests, the native tests and all managed projects. Takes seconds when nothing changed.
. "$(dirname "$0")/common.sh"

"$repository/build/install-packages.sh"
"$repository/build/fetch-model.sh" > /dev/null
say "building the native library"
"$repository/build/build-native.sh" "$@"
say "building the managed projects"
target=managed/samples/SemanticSearch
[ "${1:-}" != --tests ] || target=Kernels.Interop.sln
dotnet build "$repository/$target" --configuration Release --nologo --verbosity quiet -maxcpucount:2
