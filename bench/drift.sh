#!/usr/bin/env bash
# Encodes pools of scenes and measures drift detection on streams drawn from them: bench/drift.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
pools=${1:-out/drift}
mkdir -p "$pools"
go build -o bin/facet ./cmd/facet
pool() {
  bin/facet scan "scenes:$2" --model demo --keep-scalars --limit "${3:-1000000}" --resume -o "$pools/$1" >/dev/null
}
pool cars-reference 'yellow-cars?n=20000&seed=101' 20000
pool cars-stream 'yellow-cars?n=20000&seed=202' 20000
pool yellow 'yellow-cars?n=300&seed=303'
pool convertible-reference 'convertibles-vanish?n=3000&seed=404' 3000
pool convertible 'convertibles-vanish?n=300&seed=505'
pool months-reference 'snow-arrives?n=3000&seed=606' 3000
pool snow 'snow-arrives?n=300&seed=707'
pool days-reference 'noisy-sensor?n=3000&seed=808' 3000
pool noise 'noisy-sensor?n=300&seed=909'
go run ./bench/drift -pools "$pools"
