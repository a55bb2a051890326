#!/usr/bin/env bash
# Posts 10,000 small pictures to facet drift watch: speed and memory. bench/watch.sh [postgres://…]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
go build -o bin/facet ./cmd/facet
bin/facet drift profile 'scenes:steady?n=200&seed=1&size=64' --model demo --watch "a yellow car" -o "$folder/profile" >/dev/null
go run ./bench/watch -profile "$folder/profile" -store "${1:-$folder/drift.db}"
