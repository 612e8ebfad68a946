#!/usr/bin/env bash
# run.sh [--sentences FILE] [--query TEXT]...
#
# Sets everything up and runs the main job: semantic search over a file of sentences with a real transformer, whose
# attention is this library's. All options go to the sample; `--help` lists them.
. "$(dirname "$0")/common.sh"

"$repository/build/setup.sh" >&2
exec dotnet "$repository/artifacts/managed/bin/SemanticSearch/release/SemanticSearch.dll" "$@"
