"""CLIP's byte-pair tokens for the plain lower-case ASCII of the demo world's captions."""

import functools
import re

import torch

WORD = re.compile(r"[a-z]+|[0-9]|[^\sa-z0-9]+")


class Tokenizer:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            merges = [tuple(line.split()) for line in f.read().splitlines()[1:]]
        # OpenAI's order of the 256 bytes: those that print, then the others.
        printing = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [b for b in range(256) if b not in printing]
        symbols = [chr(b) for b in printing] + [chr(256 + i) for i in range(len(others))]
        names = symbols + [s + "</w>" for s in symbols] + [a + b for a, b in merges]
        self.ids = {name: i for i, name in enumerate(names)}
        self.ranks = {m: i for i, m in enumerate(merges)}
        self.start, self.end = len(names), len(names) + 1
        self.size = len(names) + 2
        self.word = functools.lru_cache(None)(self._word)
        self.encode = functools.lru_cache(1 << 20)(self._encode)

    def _word(self, word):
        symbols = [*word[:-1], word[-1] + "</w>"]
        while len(symbols) > 1:
            pairs = list(zip(symbols, symbols[1:]))
            best = min(pairs, key=lambda p: self.ranks.get(p, 1 << 30))
            if best not in self.ranks:
                break
            i = pairs.index(best)
            symbols[i : i + 2] = ["".join(best)]
        return tuple(self.ids[s] for s in symbols)

    def _encode(self, text):
        return (self.start, *(i for w in WORD.findall(text) for i in self.word(w)), self.end)

    def batch(self, texts):
        """[N,T] tokens, padded with 0 to the longest, and [N] the place of each end of text."""
        rows = [self.encode(t) for t in texts]
        out = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for i, row in enumerate(rows):
            out[i, : len(row)] = torch.tensor(row)
        return out, torch.tensor([len(row) - 1 for row in rows])
