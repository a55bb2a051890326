#!/usr/bin/env bash
# Makes concept/words/common.txt.gz, the words that come with facet, from WordNet 3.0. Debian's package is enough: apt-get install wordnet-base
# The rule by which they are chosen is in internal/wordbank/main.go.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -s /usr/share/wordnet/index.noun ] || { echo "words.sh: no /usr/share/wordnet: apt-get install wordnet-base" >&2; exit 1; }
go generate ./concept/words
