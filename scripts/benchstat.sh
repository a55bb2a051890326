#!/usr/bin/env bash
# Compares the benchmarks of two commits: scripts/benchstat.sh [BASE] [PACKAGE…]; by default main's against those of the working tree, in the packages
# of mathematics. It reports and fails nothing: a machine that does other work is too noisy to decide by.
set -euo pipefail
cd "$(dirname "$0")/.."
base=${1:-main}
shift || true
packages=("$@")
[ ${#packages[@]} -gt 0 ] || packages=(./decompose ./concept ./segment)
work=$(mktemp -d)
trap 'git worktree remove --force "$work/base" 2>/dev/null; rm -rf "$work"' EXIT
git worktree add -q --detach "$work/base" "$base"

measure() { go test -run '^$' -bench . -benchtime 200ms -vet=off "${packages[@]}"; }
for _ in 1 2 3 4 5 6; do # by turns, so that other work slows both
  (cd "$work/base" && measure) >>"$work/old.txt"
  measure >>"$work/new.txt"
done
go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da "$work/old.txt" "$work/new.txt"
