#!/usr/bin/env bash
# How many pictures a second one core scans: bench/models.sh CHECKPOINT:FEW:MANY…
#   bench/models.sh RN50.pt:8:72 RN50x64.pt:8:16
# Each model scans FEW scenes and then MANY, on one core with one thread, three times. Processor time of the difference counts, so that loading does
# not, and work beside it little. Scenes are drawn at 224 px and resized. FACET_CLIP_VOCAB names OpenAI's vocabulary.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export FACET_CACHE=${FACET_CACHE:-$HOME/.cache/facet}
go build -o "$work/facet" ./cmd/facet
TIMEFORMAT='%U %S'

# seconds MODEL PICTURES: of processor time
seconds() {
  rm -rf "$work/atlas"
  { time taskset -c 0 "$work/facet" scan "scenes:single?n=$2&seed=3" --model "$1" --vocab "$FACET_CLIP_VOCAB" --engine ort --threads 1 -o "$work/atlas" \
    >"$work/log" 2>&1; } 2>"$work/time" || { cat "$work/log" >&2; exit 1; }
  awk '{ print $1 + $2 }' "$work/time"
}

for what in "$@"; do
  IFS=: read -r model few many <<<"$what"
  for _ in 1 2 3; do echo "$(seconds "$model" "$few") $(seconds "$model" "$many")"; done |
    awk -v n=$((many - few)) '{ print n / ($2 - $1) }' | sort -n |
    awk -v model="$(basename "$model")" '{ x[NR] = $1 } END { printf "%s: %.3g pictures a second a core (%.3g to %.3g)\n", model, x[2], x[1], x[3] }'
done
