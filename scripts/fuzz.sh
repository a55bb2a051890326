#!/usr/bin/env bash
# Runs every fuzzer of the repository for the given time each, two at a time: scripts/fuzz.sh 10s
set -euo pipefail
cd "$(dirname "$0")/.."
export time=${1:-10s} cache
export workers=$(( $(getconf _NPROCESSORS_ONLN) / 2 )) work
[ "$workers" -ge 1 ] || workers=1
cache=$(go env GOCACHE)/fuzz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fuzzers() { # package and name, a fuzzer a line
  grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do
    grep -o '^func Fuzz[A-Za-z0-9_]*' "$file" | sed "s|^func |$(dirname "$file") |"
  done
}

binary() { echo "$work/$(echo "$1" | tr / _)"; }

fuzz() {
  local program
  program=$(binary "$1")
  (cd "$1" && "$program" -test.run '^$' -test.fuzz "^$2\$" -test.fuzztime "$time" -test.fuzzminimizetime 10x -test.parallel "$workers" \
    -test.timeout 10m -test.fuzzcachedir "$cache/$(go list)") </dev/null >"$program.$2.log" 2>&1
}

# Go's fuzzer now and then reports its own time limit as a failure. Only that, without any failing input, is tried once more.
tripped() {
  grep -q '^ *context deadline exceeded$' "$1" && ! grep -q 'Failing input\|panic' "$1" && echo "== the fuzzer tripped over its own time limit; once more"
}

one() {
  local log status=0
  log=$(binary "$1").$2.log
  fuzz "$1" "$2" || { tripped "$log" && fuzz "$1" "$2"; } || status=$?
  echo "== $1 $2"
  tail -n 20 "$log"
  return $status
}
export -f fuzz binary tripped one

fuzzers | cut -d ' ' -f 1 | sort -u | while read -r package; do
  go test -c -fuzz . -vet=off -o "$(binary "$package")" "$package"
done
fuzzers | xargs -P 2 -n 2 bash -c 'one "$@"' fuzz
