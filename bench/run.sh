#!/usr/bin/env bash
# Every speed claim of docs/research/performance.md, us and the peers in one run. PYTHON must have torch; ONNX Runtime must be installed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHON=${PYTHON:-python3}
echo "== images: RN50, encode and decompose"
go run ./bench/encode -python "$PYTHON"
echo "== decomposition: RN50x16 shapes"
go test ./decompose -run '^$' -bench . -benchtime 10x -count 3
echo "== texts: RN50"
go test ./clip -run '^$' -bench Bank -benchtime 3x
