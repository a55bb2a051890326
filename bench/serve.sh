#!/usr/bin/env bash
# How long facet serve takes for every question, 50 at once, over an atlas of the size of RN50's: VOCAB=bpe_simple_vocab_16e6.txt.gz bench/serve.sh
# The model has learnt nothing. The scalars of the atlas are drawn and not scanned (bench/serve/atlas.go), which takes no less time to serve. IMAGES is how many it
# is of, REQUESTS how often each question is asked, MEMORY over how many questions the memory is watched, WORK where it all is kept for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
images=${IMAGES:-10000} work=${WORK:-}
if [ -z "$work" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work"
go build -o "$work/facet" ./cmd/facet
go build -o "$work/bench" ./bench/serve
[ -d "$work/scenes" ] || "$work/facet" scenes -n "$images" -o "$work/scenes" --size 256
[ -f "$work/drawn.atlas/atlas.json" ] ||
  "$work/bench" make -vocab "${VOCAB:?the file of the vocabulary of CLIP}" -pictures "$work/scenes/images" -images "$images" "$work"
picture=$(find "$work/scenes/images" -name '*.png' | sort | sed -n 1p)
echo "== RN50, $images images"
"$work/bench" ask -facet "$work/facet" -model "$work/rn50.safetensors" -atlas "$work/drawn.atlas" -requests "${REQUESTS:-1000}" -warm "${WARM:-60s}" \
  -picture "$picture" -memory "${MEMORY:-100000}"
echo "== the demo model, with an atlas that it makes"
FACET_CACHE=$(mktemp -d "$work/cache.XXXX") "$work/bench" ask -facet "$work/facet" -requests 50 -only '/api/v1/model'
