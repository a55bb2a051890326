#!/usr/bin/env bash
# Makes demo/pairs.csv.gz, the words and means of the demo model's pairs: 4,000 scenes of seed 990003, which no measurement uses, are
# scanned, and every pair is labelled. It takes some five minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/facet" ./cmd/facet
"$dir/facet" scan 'scenes:default?n=4000&seed=990003' -o "$dir/demo.atlas" --model demo --engine portable
"$dir/facet" label "$dir/demo.atlas" --units all --engine portable
go run ./internal/demopairs "$dir/demo.atlas" demo/pairs.csv.gz
