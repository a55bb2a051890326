#!/usr/bin/env bash
# Processor time of facet drift compare at RN50's size, before and after, in one run:
#   bench/compare.sh RN50.pt PHOTOS WORDS.txt [COMMIT] [FOLDER]
# PHOTOS is a folder of 200 pictures or more, WORDS.txt a word a line, COMMIT what is compared with (default: before the Fréchet
# distance took no matrix root). The results of the two differ where decoding of JPEGs changed between them; of PNGs they agree, but for the
# Fréchet distance, which was off by 3e-5 where there are fewer pictures than dimensions. Encoding is measured by facet embed over the same pictures. FOLDER keeps the binaries and the profile.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$(realpath "$1") photos=$(realpath "$2") words=$(realpath "$3") before=${4:-dd29ff6} out=${5:-out/compare}
mkdir -p "$out/source"
out=$(realpath "$out")
if [ ! -x "$out/before" ]; then
  git archive "$before" | tar x -C "$out/source"
  (cd "$out/source" && go build -o "$out/before" ./cmd/facet)
fi
go build -o "$out/after" ./cmd/facet
[ -d "$out/bank" ] || "$out/after" texts "$words" --model "$model" -o "$out/bank" >/dev/null
[ -d "$out/profile" ] || "$out/before" drift profile "$photos" --model "$model" --vary 0 -o "$out/profile" >/dev/null
pictures=()
while IFS= read -r p; do pictures+=("$p"); done < <(find "$photos" -type f -name '*.jpg' | sort | head -200)

TIMEFORMAT='%U %S'
processor() { # seconds of user and system together
  local t
  t=$({ time "$@" >"$out/printed" 2>"$out/said"; } 2>&1) || { cat "$out/said" >&2; exit 1; }
  awk '{printf "%.1f", $1 + $2}' <<<"$t"
}
printf '| %s | encoding 200 pictures | drift compare | beyond encoding |\n|---|---|---|---|\n' "processor seconds"
for round in 1 2; do
  for which in before after; do
    encode=$(processor "$out/$which" embed "${pictures[@]}" --model "$model" -o "$out/e.npy")
    compare=$(processor "$out/$which" drift compare "$out/profile" "$photos" --limit 200 --model "$model" --bank "$out/bank" --json)
    cp "$out/printed" "$out/$which.json"
    printf '| %s, run %d | %s | %s | %s |\n' "$which" "$round" "$encode" "$compare" "$(awk "BEGIN{printf \"%.1f\", $compare-$encode}")"
  done
done
for which in before after; do
  printf '%s: Fréchet distance %s, energy distance %s\n' "$which" \
    "$(grep -m1 -o '"frechet_distance": *[^,]*' "$out/$which.json" | cut -d: -f2)" "$(grep -m1 -o '"energy_distance": *[^,]*' "$out/$which.json" | cut -d: -f2)"
done
