#!/usr/bin/env bash
# Encodes pools of 20,000 scenes each and measures drift detection on streams drawn from them: bench/drift.sh [FOLDER]
# Without the last line it takes some 40 minutes on two cores and 2.4 GB, goes on where it was interrupted, and with ENCODE_ONLY=1 measures nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
pools=${1:-out/drift}
mkdir -p "$pools"
go build -o bin/facet ./cmd/facet
pool() {
  [ -e "$pools/$1/atlas.json" ] || bin/facet scan "scenes:$2" --model demo --keep-scalars --resume -o "$pools/$1" >/dev/null
}
pool cars-reference 'yellow-cars?n=2000&seed=101'
pool cars-stream 'yellow-cars?n=2000&seed=202'
pool days-stream 'noisy-sensor?n=2000&seed=909'
pool days-reference 'noisy-sensor?n=20000&seed=808&window=1'
pool months-reference 'snow-arrives?n=20000&seed=606&window=1'
pool months-stream 'snow-arrives?n=20000&seed=707&window=11'
if [ -n "${ENCODE_ONLY:-}" ]; then exit; fi
go run ./bench/drift -pools "$pools"
go run ./bench/drift -pools "$pools" -part table -out "$pools/table" # for: python3 bench/driftpeers.py run "$pools/table"
