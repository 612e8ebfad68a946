#!/usr/bin/env bash
# run.sh [--sentences FILE] [--query TEXT]...
#
# Sets everything up and runs the main job: semantic search over a file of sentences with a real transformer, whose
# attention is this library's. All options go to that sample; `--help` lists them. Then it reads a long text in pieces over a
# paged cache and compares with reading it at once, unless there were options.
. "$(dirname "$0")/common.sh"

"$repository/build/setup.sh" >&2
run() { # sample, option...
  dotnet "$repository/artifacts/managed/bin/$1/release/$1.dll" "${@:2}"
}

run SemanticSearch "$@"
if [ $# -eq 0 ]; then
  echo
  run LongContext --tokens 8192 --decode 64
fi
