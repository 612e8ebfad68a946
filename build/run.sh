#!/usr/bin/env bash
# run.sh [--sentences FILE] [--query TEXT]...
#
# Sets everything up and runs the main job: semantic search over a file of sentences with a real transformer, whose
# attention is this library's. All options go to that sample; `--help` lists them. Unless there were options, it then reads a
# long text in pieces over a paged cache and compares with reading it at once, and plays a recording in a modelled hall; what
# that sounds and looks like is in artifacts/reverb.
. "$(dirname "$0")/common.sh"

"$repository/build/setup.sh" >&2
run() { # sample, option...
  dotnet "$repository/artifacts/managed/bin/$1/release/$1.dll" "${@:2}"
}

run SemanticSearch "$@"
if [ $# -eq 0 ]; then
  echo
  run LongContext --tokens 8192 --decode 64
  echo
  "$repository/build/fetch-speech.sh" >&2
  reverb=$repository/artifacts/reverb
  run Reverb --output "$reverb/reverb.wav" --drawing "$reverb/reverb.svg"
fi
