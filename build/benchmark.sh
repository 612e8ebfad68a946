#!/usr/bin/env bash
# benchmark.sh [--quick] [--rivals]
#
# Sets up what the benchmarks need, runs them, and prints tables; docs/benchmarks.md says how to read them. Takes about
# 20 minutes on a machine that does nothing else, which is what its figures need.
#
#   --quick   two minutes: fewer shapes and 3 repetitions instead of 12, to see that all works
#   --rivals  compares with ONNX Runtime too: 7 minutes more, 300 MB of packages from npm's registry, 6 GB of memory
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
runtime=$results/onnxruntime

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
  local package=$sources/rivals/onnxruntime/package.json
  ! cmp -s "$package" "$runtime/package.json" || [ ! -e "$runtime/installed" ] || return 0
  say "fetching ONNX Runtime"
  rm -rf "$runtime"
  mkdir "$runtime"
  cp "$package" "$runtime"
  npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error --prefix "$runtime" > /dev/null
  touch "$runtime/installed"
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

measure_attention() {
  local filter=. repetitions=12
  ! $quick || filter='roof|sentence|/L:(512|2048)/' repetitions=3
  say "measuring attention beside the roof ($($quick && echo 1 minute || echo 6 minutes))"
  "$programs/attention_benchmark" --benchmark_filter="$filter" --benchmark_min_time=0.05 \
    --benchmark_repetitions=$repetitions --benchmark_enable_random_interleaving=true \
    --benchmark_out="$results/attention.json" --benchmark_out_format=json > "$results/attention.log" 2>&1 ||
    { tail -20 "$results/attention.log" >&2; fail "attention_benchmark failed"; }
  node "$sources/report.mjs" "$results/attention.json" > "$results/attention.md"
}

# Contiguous and in pages of 64; the benchmark has more lengths and page sizes.
measure_decode() {
  local filter='roof|D:128/L:8192/pages:(none|64)' repetitions=12
  ! $quick || filter='roof|H:32x8/D:128/L:8192/pages:none' repetitions=3
  say "measuring decoding beside a loop that reads ($($quick && echo 20 seconds || echo 4 minutes))"
  "$programs/decode_benchmark" --benchmark_filter="$filter" --benchmark_min_time=0.02 \
    --benchmark_repetitions=$repetitions --benchmark_enable_random_interleaving=true \
    --benchmark_out="$results/decode.json" --benchmark_out_format=json > "$results/decode.log" 2>&1 ||
    { tail -20 "$results/decode.log" >&2; fail "decode_benchmark failed"; }
  node "$sources/decode_report.mjs" "$results/decode.json" > "$results/decode.md"
}

measure_convolution() {
  local filter=. repetitions=10
  ! $quick || filter='/L:(4096|10007)/' repetitions=3
  say "measuring long convolution beside FFTW ($($quick && echo 30 seconds || echo 6 minutes))"
  "$programs/long_convolution_benchmark" --benchmark_filter="$filter" --benchmark_min_time=0.05 \
    --benchmark_repetitions=$repetitions --benchmark_enable_random_interleaving=true \
    --benchmark_out="$results/convolution.json" --benchmark_out_format=json > "$results/convolution.log" 2>&1 ||
    { tail -20 "$results/convolution.log" >&2; fail "long_convolution_benchmark failed"; }
  node "$sources/convolution_report.mjs" "$results/convolution.json" > "$results/convolution.md"
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

measure_rivals() {
  local threads
  for threads in 1 2; do
    [ "$threads" -le "$(nproc)" ] || continue
    say "measuring ONNX Runtime beside ours, threads: $threads"
    taskset --cpu-list "$(processors "$threads")" node "$sources/rivals/onnxruntime/benchmark.mjs" \
      "$programs/attention_server" "$runtime" "$threads" $($quick && echo --quick) > "$results/onnxruntime-$threads.md"
  done
}

set_up
say "the machine's load is $(cut -d ' ' -f 1 /proc/loadavg); what else runs on it makes the figures noise"
describe_machine > "$results/machine.md"
measure_attention
measure_decode
measure_convolution
measure_managed
! $rivals || measure_rivals

parts=("$results"/{machine,attention,decode,convolution,managed}.md)
! $rivals || parts+=("$results"/onnxruntime-*.md)
for part in "${parts[@]}"; do cat "$part"; echo; done | tee "$results/results.md"
say "all of this is in ${results#"$repository/"}/results.md"
