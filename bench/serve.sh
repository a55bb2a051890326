#!/usr/bin/env bash
# The 95th percentile of every GET of facet serve, 50 requests at once, over the demo's atlas, and the heap after it.
set -euo pipefail
cd "$(dirname "$0")/.."
go test ./web -run '^$' -bench BenchmarkGet -benchtime "${REQUESTS:-5000}x" | grep -E 'p95|^cpu|FAIL'
