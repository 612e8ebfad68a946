#!/usr/bin/env bash
# test.sh
#
# Sets everything up and runs every test, native and managed. The last line is `N passed, N failed`; the exit code is 0 if
# none failed.
. "$(dirname "$0")/common.sh"

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

say "running the native tests"
log=$results/native.log
ctest --test-dir "$repository/artifacts/build/release" --parallel 2 --timeout 900 --output-on-failure > "$log" 2>&1 || true
summary=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$log" || true)
read -r bad all <<< "$(sed -E 's/.*passed, ([0-9]+) tests failed out of ([0-9]+).*/\1 \2/' <<< "$summary")"
skipped=$(grep -c '\*\*\*Skipped' "$log" || true) # instruction sets that this machine lacks
echo "${summary:-no summary}; $skipped skipped"
[ "${bad:-1}" -eq 0 ] || cat "$log"
count "the native suite" "${all:+$((all - bad - skipped))}" "${bad:-}"

for project in "$repository"/tests/managed/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  say "running $name"
  log=$results/$name.log
  dotnet test "$project" --configuration Release --no-build --nologo > "$log" 2>&1 || true
  summary=$(grep -E '^(Passed|Failed)! +- Failed:' "$log" | tail -1 || true)
  [ -n "$summary" ] && echo "$summary"
  [[ $summary == Passed!* ]] || cat "$log"
  number() { sed -nE "s/.*$1: +([0-9]+).*/\1/p" <<< "$summary"; }
  count "$name" "$(number Passed)" "$(number Failed)"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
