#!/usr/bin/env bash
# Draws scenes of 31 changes whose truth is known, encodes them, and prints what facet calls them: bench/names.sh [FLAGS]
# It takes two and a half minutes of processor time. -seed draws other scenes, -seeds is how often each change is named.
set -euo pipefail
cd "$(dirname "$0")/.."
nice go run ./bench/names "$@"
