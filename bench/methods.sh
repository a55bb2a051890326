#!/usr/bin/env bash
# Prints what each method of the paper and its relatives costs, in seconds of processor time: bench/methods.sh MODEL [FOLDER]
# MODEL is a checkpoint, of random weights too; FOLDER keeps the atlas of 60 scenes. FACET_CLIP_VOCAB names OpenAI's vocabulary.
# A row is one run from process start. "A picture more" is the difference of runs of 3 scenes and of one, by 2. Rows are kept in FOLDER/rows: run again, it goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$(realpath "$1")
work=${2:-out/methods}
mkdir -p "$work/rows" bin
work=$(realpath "$work")
export FACET_ONNXRUNTIME=${FACET_ONNXRUNTIME:-${FACET_CACHE:-$HOME/.cache/facet}/onnxruntime/libonnxruntime.so.1} FACET_CACHE=$work/cache
go build -o bin/facet ./cmd/facet
gzip -dc concept/words/common.txt.gz | awk 'NR <= 500' >"$work/words.txt"
scenes='scenes:single?seed=31&n='
TIMEFORMAT='%U %S'

seconds() { # of processor time that facet took with these arguments
  { time bin/facet "$@" --model "$model" --vocab "$FACET_CLIP_VOCAB" --engine ort >/dev/null 2>"$work/stderr"; } 2>"$work/time" ||
    { tail -3 "$work/stderr" >&2; return 1; }
  awk '{ print $1 + $2 }' "$work/time"
}
row() { # METHOD VERB FLAG…, one run
  local what=$1 kept took
  shift
  kept=$work/rows/${what//[ ,]/-}
  if [ ! -e "$kept" ]; then
    took=$(seconds "$@")
    echo "$took" >"$kept"
  fi
  printf '| %s | `facet %s` | %s | |\n' "$what" "${*//$work\//}" "$(<"$kept")"
}
pictures() { # METHOD VERB FLAG…, for one scene and for three
  local what=$1 verb=$2 kept one three
  shift 2
  kept=$work/rows/${what//[ ,]/-}
  if [ ! -e "$kept" ]; then
    one=$(seconds "$verb" "${scenes}1" "$@")
    three=$(seconds "$verb" "${scenes}3" "$@")
    echo "$one | $(awk "BEGIN { printf \"%.2f\", ($three - $one) / 2 }")" >"$kept"
  fi
  printf '| %s | `facet %s SCENES %s` | %s |\n' "$what" "$verb" "${*//$work\//}" "$(<"$kept")"
}

echo '| method | command | a run, s | a picture more, s |'
echo '|---|---|---|---|'
bank=(--bank "$work/words.txt")
row "bank of 500 words" texts "$work/words.txt" -o "$work/bank"
row "confusing words" confuse "a cat" "a dog" "${bank[@]}"
row "labels of 1,000 pairs" label --units top:1000 -o "$work/labels.csv" "${bank[@]}"
pictures "earlier blocks" trace --what earlier -o "$work/trace.npy"
pictures "attention of all queries" trace --what attentions -o "$work/trace.npy"
pictures "segmentation, pairs of an earlier block" segment --classes "car, tree, grass" --method nap --neurons-back 1 -o "$work/maps"
pictures "segmentation, activations of top pairs" segment --classes "car, tree, grass" --method activations -o "$work/maps"
[ -e "$work/rows/scan-of-60-scenes" ] || rm -rf "$work/atlas" # begun and not ended
row "scan of 60 scenes" scan "${scenes}60" --keep-scalars -o "$work/atlas"
row "texts a head writes" head "$work/atlas" 5 "${bank[@]}"
row "nearest in a head" head "$work/atlas" 5 --like 17 "${bank[@]}"
row "attribution, pairs" property "$work/atlas" "red, green, blue"
row "alike in a property" property "$work/atlas" "red, green, blue" --unit head --top 3 --like 17
row "concepts in one picture" discover "${scenes}1" --atlas "$work/atlas" "${bank[@]}"
row "polysemanticity, pairs" polysemanticity "$work/atlas"
row "components of neurons" components "$work/atlas" "${bank[@]}" -o "$work/neurons.npy"
row "ablation, pairs" ablate "$work/atlas"
row "of note, pairs" ablate "$work/atlas" --notable
row "reconstruction, neurons" reconstruct "$work/atlas" --unit neuron
row "in 1, 4, 16 words, neurons" reconstruct "$work/atlas" --unit neuron --words 1,4,16 "${bank[@]}"
row "polysemanticity, neurons" polysemanticity "$work/atlas" --unit neuron
row "components of heads" components "$work/atlas" --unit head "${bank[@]}" -o "$work/heads.npy"
row "ablation by activation" ablate "$work/atlas" --unit neuron --activations
row "in 1, 4, 16 words, pairs" reconstruct "$work/atlas" --words 1,4,16 "${bank[@]}"
