#!/usr/bin/env bash
# The first ten minutes with a model, from an empty cache, against a stand-in of the Hugging Face hub on this machine. Every command is printed with its
# output and its time.
#
#     scripts/newcomer.sh ORACLE VOCABULARY [OUT]
#
# ORACLE is a folder with make_checkpoint.py, which needs PyTorch: it makes an RN50 of random weights at full size. VOCABULARY is CLIP's bpe_simple_vocab_16e6.txt.gz.
# OUT, by default a new folder, gets pictures and arrays. PYTHON names another Python than python3. PHOTOS is a folder of pictures; without it scenes are taken.
# The weights have learnt nothing, so the words mean nothing. Times, sizes, messages and pictures are what the script is for.
set -euo pipefail
exec 2>&1
cd "$(dirname "$0")/.."
[ $# -ge 2 ] || { sed -n '5s/^# *//p' "$0" >&2; exit 2; }
oracle=$1 vocabulary=$2 out=${3:-$(mktemp -d)}
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
library=$(ls "${FACET_CACHE:-$HOME/.cache/facet}"/onnxruntime/libonnxruntime.so.1 2>/dev/null || true)
[ -z "$library" ] || export FACET_ONNXRUNTIME="${FACET_ONNXRUNTIME:-$library}"

repository=$work/hub/example/random-rn50
mkdir -p "$repository" "$work/home" "$out"
go build -o "$work/facet" ./cmd/facet
go build -o "$work/standin" ./internal/standin
"${PYTHON:-python3}" "$oracle/make_checkpoint.py" RN50 --format safetensors -o "$repository/open_clip_model.safetensors"
"${PYTHON:-python3}" - "$vocabulary" "$repository" <<'PY'
"""Writes vocab.json, merges.txt and open_clip_config.json as open_clip leaves them in a repository."""
import gzip, json, sys
merges = gzip.open(sys.argv[1], "rt", encoding="utf-8").read().split("\n")[1:49152 - 256 - 2 + 1]
shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
letters = [chr(b) for b in shown] + [chr(256 + i) for i in range(256 - len(shown))]
words = letters + [c + "</w>" for c in letters] + [m.replace(" ", "") for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
json.dump({w: i for i, w in enumerate(words)}, open(sys.argv[2] + "/vocab.json", "w", encoding="utf-8"), ensure_ascii=False)
open(sys.argv[2] + "/merges.txt", "w", encoding="utf-8").write("#version: 0.2\n" + "\n".join(merges) + "\n")
json.dump({"model_cfg": {"embed_dim": 1024, "quick_gelu": True,
    "vision_cfg": {"image_size": 224, "layers": [3, 4, 6, 3], "width": 64, "patch_size": None},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}}},
    open(sys.argv[2] + "/open_clip_config.json", "w"))
PY
mkfifo "$work/address"
"$work/standin" "$work/hub" >"$work/address" &
server=$!
read -r HF_ENDPOINT <"$work/address"
export HF_ENDPOINT HOME="$work/home" FACET_CACHE="$work/cache" PATH="$work:$PATH"
unset HF_HOME HF_HUB_CACHE XDG_CACHE_HOME HF_TOKEN HF_HUB_OFFLINE

# A command, what it prints, how it ends and how long it takes.
try() {
  printf '\n$ %s\n' "$*"
  local code=0 TIMEFORMAT='[%1R s, %1U s of processor time]'
  time "$@" || code=$?
  [ "$code" = 0 ] || printf '[exit code %d]\n' "$code"
}

if [ -n "${PHOTOS:-}" ]; then
  photo=$(ls "$PHOTOS"/*.jpg | head -n 1) many=$PHOTOS
else
  photo=docs/images/scene.png many='scenes:default?n=60'
fi
model=hf:example/random-rn50
printf 'facet %s on %s cores, ONNX Runtime %s\n' "$(facet version | head -n 1)" "$(nproc)" "${FACET_ONNXRUNTIME:-is not there}"
try facet model list
try facet explain "$photo" --model RN50
try facet model pull RN50
try facet model pull "$model"
try facet model list
try facet model doctor "$model"
try facet model verify "$model"
try facet explain "$photo" --model "$model" -o "$out/explain"
try facet explain "$photo" --model "$model" --text "a yellow car" -o "$out/text"
try facet classify "$photo" --labels "a dog,a cat,a car,a fish" --model "$model"
try facet scan "$many" --model "$model" -o "$out/photos.atlas"
try facet search "a yellow car" --model "$model"
try facet search "a yellow car" --atlas "$out/photos.atlas" --model "$model" -o "$out/search.png"
try facet explain "$photo" --model "$model" --atlas "$out/photos.atlas"
try facet label "$out/photos.atlas" --model "$model" --units top:200
try facet explain "$photo" --model "$model" --atlas "$out/photos.atlas" -o "$out/labelled"
try facet neuron "$out/photos.atlas" 624 --model "$model" -o "$out/neuron.png"
try facet sink "$out/photos.atlas" --model "$model" -o "$out/sink.png"
printf '\nPictures are in %s\n' "$out"
du -sh "$FACET_CACHE"/* "$out"/* | sed "s#$work/##"
