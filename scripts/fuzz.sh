#!/usr/bin/env bash
# Runs every fuzzer of the repository for the given time each: scripts/fuzz.sh 10s
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

fuzz() {
  go test "$1" -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 10x </dev/null 2>&1 | tee "$log"
}

# Go's fuzzer now and then reports its own time limit as a failure. Only that, without any failing input, is tried once more.
fuzz_again() {
  grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input\|panic' "$log" || return 1
  echo "== the fuzzer tripped over its own time limit; once more: $1 $2"
  fuzz "$1" "$2"
}

grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do
  package=$(dirname "$file")
  grep -o '^func Fuzz[A-Za-z0-9_]*' "$file" | sed 's/^func //' | while read -r name; do
    echo "== $package $name"
    fuzz "$package" "$name" || fuzz_again "$package" "$name"
  done
done
