#!/usr/bin/env bash
# How much of two single scans' speed two workers at once have, with one thread and one core each (goal 0.9). Needs two idle cores.
# Without a core of its own, a single scan reads pictures and collects garbage on the second core, which two workers cannot.
#   bench/workers.sh [SOURCE] [MODEL]
set -euo pipefail
cd "$(dirname "$0")/.."
source=${1:-"scenes:single?n=400&seed=3"}
model=${2:-demo}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/facet" ./cmd/facet

now() { date +%s.%N; }

# scan PART OUT: one worker, one thread, on core PART
scan() { taskset -c "$1" "$work/facet" scan "$source" --model "$model" --engine ort --threads 1 --shard "$1/2" -o "$work/$2" >"$work/$2.log" 2>&1 || { cat "$work/$2.log"; exit 1; }; }

images() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["images"])' "$work/$1/atlas.json"; }

for turn in 1 2 3; do
  t0=$(now)
  scan 0 "a$turn"
  t1=$(now)
  scan 1 "b$turn"
  t2=$(now)
  scan 0 "c$turn" &
  one=$!
  scan 1 "d$turn" &
  wait $one
  wait $!
  t3=$(now)
  cmp <(cd "$work/a$turn" && sha256sum ./*.parquet ./*.npy) <(cd "$work/c$turn" && sha256sum ./*.parquet ./*.npy)
  python3 - "$(images "a$turn")" "$(images "b$turn")" "$t0" "$t1" "$t2" "$t3" <<'PY'
import sys
a, b = map(int, sys.argv[1:3])
t0, t1, t2, t3 = map(float, sys.argv[3:])
single = a / (t1 - t0) + b / (t2 - t1)
both = (a + b) / (t3 - t2)
print(f"two single scans {single:.1f} pictures a second together, two at once {both:.1f}: {both / single:.2f}")
PY
done
