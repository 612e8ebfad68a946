#!/usr/bin/env bash
# benchmark.sh [--quick] [--rivals]
#
# Sets up what the benchmarks need, runs them, and prints tables; docs/benchmarks.md says how to read them. Takes about
# 20 minutes on a machine that does nothing else, which is what its figures need.
#
#   --quick   two minutes: fewer shapes and 3 repetitions instead of 12, to see that all works
#   --rivals  compares with ONNX Runtime and llama.cpp's ggml too: 15 minutes more, 6 GB of memory, and at first 330 MB of
#             packages from npm's registry, which stay in the user's cache. A rival that cannot be had is left out.
#
# All results stay in artifacts/benchmarks: results.md holds the tables.
. "$(dirname "$0")/common.sh"

quick=false rivals=false
for option in "$@"; do
  case $option in
    --quick) quick=true ;;
    --rivals) rivals=true ;;
    *) fail "unknown option $option" ;;
  esac
done

sources=$repository/tests/benchmarks
results=$repository/artifacts/benchmarks
programs=$repository/artifacts/build/release/tests/benchmarks/native
managed=$repository/artifacts/managed/bin/Kernels.Interop.Benchmarks/release/Kernels.Interop.Benchmarks.dll
rivals_wanted=(onnxruntime ggml) rivals_found=()

set_up() {
  "$repository/build/install-packages.sh" benchmarks
  say "building"
  "$repository/build/build-native.sh" --benchmarks
  dotnet build "$sources/managed" --configuration Release --nologo --verbosity quiet
  mkdir -p "$results"
  rm -rf "$results"/*.{md,json,log} "$results/managed"
  ! $rivals || install_rivals
}

install_rivals() {
  local rival
  for rival in "${rivals_wanted[@]}"; do
    if install_rival "$rival"; then
      rivals_found+=("$rival")
    else
      say "$rival CANNOT BE HAD, npm's reason is above: it is not measured"
    fi
  done
}

# Where the package of a rival is installed: its version is in the name.
folder_of_rival() { # name
  local version
  version=$(node -p 'Object.values(require(process.argv[1]).dependencies)[0]' "$sources/rivals/$1/package.json")
  echo "$cache/rivals/$1-$version"
}

# The folder appears by a rename, so its being there means that all of it is. Called where a failure does not end the script.
install_rival() { # name
  local folder work
  folder=$(folder_of_rival "$1") && mkdir -p "$cache/rivals" || return
  (
    flock 9
    [ ! -d "$folder" ] || exit 0
    say "fetching $1"
    work=$(mktemp -d "$folder.XXXXXX") || exit
    trap 'rm -rf "$work"' EXIT
    cp "$sources/rivals/$1/package.json" "$work" &&
      npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error --prefix "$work" > /dev/null &&
      mv -T "$work" "$folder"
  ) 9> "$folder.lock"
}

# The first processors that this process may use, as taskset wants them.
processors() { # count
  taskset --cpu-list --pid $$ | sed 's/.*: //' | tr , '\n' |
    awk -F- '{ for (i = $1; i <= $NF; i++) print i }' | head -n "$1" | paste -sd,
}

describe_machine() {
  local fields='Model name|CPU family|Model|Stepping|CPU\(s\)|Thread\(s\) per core|L1d cache|L2 cache|L3 cache'
  local flags='fma f16c avx2 avx512f avx512bw avx512vl avx512_vnni avx512_bf16 avx512_fp16 amx_bf16'
  echo '# Machine'
  echo
  lscpu | grep -E "^($fields):" | sed -E 's/^([^:]+): +/* \1: /'
  echo "* Instruction sets: $(for flag in $flags; do grep -qw "$flag" /proc/cpuinfo && printf '%s ' "$flag"; done)"
  echo "* Compiler: $(c++ --version | head -1)"
  echo "* .NET SDK $(dotnet --version), node $(node --version), Linux $(uname -r)"
  echo "* Load when it began: $(cut -d ' ' -f 1 /proc/loadavg)"
}

# Runs a program of Google Benchmark, whose benchmarks take turns, and has a script make tables of what it measured.
take_turns() { # name of the results, script, least seconds of a repetition, repetitions, filter, program and its arguments
  local name=$1 script=$2 seconds=$3 repetitions=$4 filter=$5
  shift 5
  "$@" --benchmark_filter="$filter" --benchmark_min_time="$seconds" \
    --benchmark_repetitions="$repetitions" --benchmark_enable_random_interleaving=true \
    --benchmark_out="$results/$name.json" --benchmark_out_format=json > "$results/$name.log" 2>&1 ||
    { tail -20 "$results/$name.log" >&2; fail "${1##*/} failed"; }
  node "$sources/$script" "$results/$name.json" > "$results/$name.md"
}

measure_attention() {
  local filter=. repetitions=12
  ! $quick || filter='roof|sentence|/L:(512|2048)/' repetitions=3
  say "measuring attention beside the roof ($($quick && echo 1 minute || echo 6 minutes))"
  take_turns attention report.mjs 0.05 $repetitions "$filter" "$programs/attention_benchmark"
}

# Contiguous and in pages of 64; the benchmark has more lengths and page sizes.
measure_decode() {
  local filter='roof|D:128/L:8192/pages:(none|64)' repetitions=12
  ! $quick || filter='roof|H:32x8/D:128/L:8192/pages:none' repetitions=3
  say "measuring decoding beside a loop that reads ($($quick && echo 20 seconds || echo 4 minutes))"
  take_turns decode decode_report.mjs 0.02 $repetitions "$filter" "$programs/decode_benchmark"
}

measure_convolution() {
  local filter=. repetitions=10
  ! $quick || filter='/L:(4096|10007)/' repetitions=3
  say "measuring long convolution beside FFTW ($($quick && echo 30 seconds || echo 20 minutes))"
  take_turns convolution convolution_report.mjs 0.05 $repetitions "$filter" "$programs/long_convolution_benchmark"
}

measure_managed() {
  local filter='*'
  ! $quick || filter='*Sentence*'
  say "measuring calls from C#"
  dotnet "$managed" --filter "$filter" --exporters github briefjson --artifacts "$results/managed" \
    > "$results/managed.log" 2>&1 || { tail -20 "$results/managed.log" >&2; fail "the managed benchmarks failed"; }
  local tables=("$results"/managed/results/*-report-github.md)
  [ -e "${tables[0]}" ] || { tail -20 "$results/managed.log" >&2; fail "the managed benchmarks left no table"; }
  { echo '# From C#'; for table in "${tables[@]}"; do echo; cat "$table"; done; } > "$results/managed.md"
}

measure_onnxruntime() {
  local threads
  for threads in 1 2; do
    [ "$threads" -le "$(nproc)" ] || continue
    say "measuring ONNX Runtime beside ours, threads: $threads"
    taskset --cpu-list "$(processors "$threads")" node "$sources/rivals/onnxruntime/benchmark.mjs" \
      "$programs/attention_server" "$(folder_of_rival onnxruntime)" "$threads" $($quick && echo --quick) \
      > "$results/onnxruntime-$threads.md"
  done
}

measure_ggml() {
  local filter=. repetitions=10 libraries
  ! $quick || filter='roof|H:8/f32/D:128/L:(512|8192)' repetitions=3
  say "measuring llama.cpp's ggml beside ours ($($quick && echo 10 seconds || echo 8 minutes))"
  libraries=("$(folder_of_rival ggml)"/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml.*so)
  take_turns ggml rivals/ggml/report.mjs 0.05 $repetitions "$filter" "$programs/ggml_benchmark" "${libraries[0]}"
}

set_up
say "the machine's load is $(cut -d ' ' -f 1 /proc/loadavg); what else runs on it makes the figures noise"
describe_machine > "$results/machine.md"
measure_attention
measure_decode
measure_convolution
measure_managed
for rival in "${rivals_found[@]}"; do "measure_$rival"; done

parts=("$results"/{machine,attention,decode,convolution,managed}.md)
for rival in "${rivals_found[@]}"; do parts+=("$results/$rival"*.md); done
for part in "${parts[@]}"; do cat "$part"; echo; done | tee "$results/results.md"
say "all of this is in ${results#"$repository/"}/results.md"
