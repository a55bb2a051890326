"""Learns the demo model's byte-pair merges from its captions and writes them in OpenAI's format.

    python3 training/vocabulary.py DATA/captions.jsonl > demo/vocabulary.txt

Merging goes on, most frequent pair first, until every word of the captions is one token. Any other text still has
tokens, down to single bytes.
"""

import collections
import json
import sys

from tokens import WORD


def count_words(path):
    counts = collections.Counter()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            for caption in [record["full"], *record["captions"]]:
                counts.update(WORD.findall(caption))
    return counts


def learn(counts):
    """Yields merges in order: the most frequent pair, the first in the alphabet among equals."""
    words = {tuple(w[:-1]) + (w[-1] + "</w>",): n for w, n in counts.items()}
    while True:
        pairs = collections.Counter()
        for symbols, n in words.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += n
        if not pairs:
            return
        best = min(pairs, key=lambda p: (-pairs[p], p))
        yield best
        words = {tuple(join(list(symbols), best)): n for symbols, n in words.items()}


def join(symbols, pair):
    i = 0
    while i < len(symbols) - 1:
        if (symbols[i], symbols[i + 1]) == pair:
            symbols[i : i + 2] = [pair[0] + pair[1]]
        i += 1
    return symbols


if __name__ == "__main__":
    print("facet demo vocabulary - #version: 0.2")
    for a, b in learn(count_words(sys.argv[1])):
        print(a, b)
