#!/usr/bin/env bash
# test.sh [--all]
#
# Sets everything up and runs every test, native and managed. The last line is `N passed, N failed`; the exit code is 0 if
# none failed.
#
# CUDA kernels run on the virtual GPU, each test under a schedule and a rounding mode that its name and the date choose; a
# test that fails prints the line that repeats it.
#
#   --all  repeats the tests that use a CUDA device under every schedule and every rounding mode
#
# KERNELS_INTEROP_CUDA_DRIVER  driver to test with instead of the virtual GPU: libcuda.so.1 for a real GPU, none for none
# KI_WITHOUT_CUDA              set to 1: no CUDA kernels are compiled, and none are tested
. "$(dirname "$0")/common.sh"

all=false
for option in "$@"; do
  case $option in
    --all) all=true ;;
    *) fail "unknown option $option" ;;
  esac
done

"$repository/build/setup.sh" --tests
results=$repository/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"

# A run that ends without a count, because it crashed or found no test, is a failure of its own.
passed=0 failed=0
count() { # name, passed, failed
  if [ -z "$2$3" ] || [ "$(($2 + $3))" -eq 0 ]; then
    say "$1 ran no test"
    failed=$((failed + 1))
  else
    passed=$((passed + $2)) failed=$((failed + $3))
  fi
}

run_native() { # name, ctest option...
  local name=$1 log=$results/$1.log summary bad all skipped
  say "running the $name tests"
  ctest --test-dir "$repository/artifacts/build/release" --parallel "$(nproc)" --timeout 900 --output-on-failure \
    "${@:2}" > "$log" 2>&1 || true
  summary=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$log" || true)
  read -r bad all <<< "$(sed -E 's/.*passed, ([0-9]+) tests failed out of ([0-9]+).*/\1 \2/' <<< "$summary")"
  skipped=$(grep -c '\*\*\*Skipped' "$log" || true) # instruction sets and devices that this machine lacks
  echo "${summary:-no summary}; $skipped skipped"
  [ "${bad:-1}" -eq 0 ] || cat "$log"
  count "the suite $name" "${all:+$((all - bad - skipped))}" "${bad:-}"
}

run_managed() { # name, project, dotnet test option...
  local name=$1 project=$2 log=$results/$1.log summary
  say "running $name"
  dotnet test "$project" --configuration Release --no-build --nologo "${@:3}" > "$log" 2>&1 || true
  summary=$(grep -E '^(Passed|Failed)! +- Failed:' "$log" | tail -1 || true)
  [ -n "$summary" ] && echo "$summary"
  [[ $summary == Passed!* ]] || cat "$log"
  number() { sed -nE "s/.*$1: +([0-9]+).*/\1/p" <<< "$summary"; }
  count "$name" "$(number Passed)" "$(number Failed)"
}

# Those that use a CUDA device, on CUDA devices alone.
run_on_cuda() { # schedule, rounding
  export KI_TEST_DEVICE=cuda VGPU_SCHEDULE=$1 VGPU_ROUNDING=$2
  run_native "native-$1-$2" --tests-regex '[Cc]uda|Attention(Forward|Determinism|Rounding)' \
    --exclude-regex '/cpu$|^cuda_(host|kernels)|^vgpu|^support'
  run_managed "Kernels.Interop.Tests-$1-$2" "$repository/tests/managed/Kernels.Interop.Tests" --filter 'FullyQualifiedName~cuda'
  unset KI_TEST_DEVICE VGPU_SCHEDULE VGPU_ROUNDING
}

run_native native
for project in "$repository"/tests/managed/*.Tests/*.csproj; do
  run_managed "$(basename "$project" .csproj)" "$project"
done
if $all; then
  for schedule in forward reverse random; do
    for rounding in exact ampere; do run_on_cuda "$schedule" "$rounding"; done
  done
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
