"""Writes bootstrap.json: amounts of pairs, labels and labels of draws, and the intervals of groups by NumPy.

    pip install numpy; python3 bootstrap.py
"""
import json
import pathlib

import numpy as np

r = np.random.default_rng(3)
PAIRS, WORDS, DRAWS, REDRAWN = 30, 5, 40, 12
words = [f"w{i}" for i in range(WORDS)]


def label():
    chosen = r.choice(WORDS, r.integers(0, 4), replace=False)
    return [[words[c], float(round(r.normal(), 3))] for c in chosen]


def portions(terms, first):
    """The groups that a pair belongs to."""
    size = sum(abs(w) for _, w in terms)
    if size == 0:
        return {"unnamed": 1.0}
    sign = {True: "−", False: ""}
    if first:
        return {sign[terms[0][1] < 0] + terms[0][0]: 1.0}
    return {sign[w < 0] + word: abs(w) / size for word, w in terms}


def amounts_of(labels, amounts, first):
    out = {}
    for terms, a in zip(labels, amounts):
        for g, share in portions(terms, first).items():
            out[g] = out.get(g, 0.0) + share * a
    return out


amounts = [float(round(v, 3)) for v in r.normal(size=PAIRS)]
constant = 0.25
labels = [label() for _ in range(PAIRS)]
redrawn = sorted(int(p) for p in r.choice(PAIRS, REDRAWN, replace=False))
draws = {p: [labels[p] if r.random() < 0.4 else label() for _ in range(DRAWS)] for p in redrawn}
shown = ["unnamed", "w0", "w1", "−w0", "w2"]
intervals = {}
for first in (False, True):
    by_draw = []
    for d in range(DRAWS):
        by_draw.append(amounts_of([draws[p][d] if p in draws else labels[p] for p in range(PAIRS)], amounts, first))
    at = lambda name: np.quantile([b.get(name, 0.0) for b in by_draw], [0.025, 0.975]).tolist()
    rest = np.quantile([sum(v for g, v in b.items() if g not in shown) for b in by_draw], [0.025, 0.975]).tolist()
    intervals["first" if first else "shared"] = [at(g) for g in shown] + [rest]
out = dict(amounts=amounts, constant=constant, labels=labels, draws={str(p): d for p, d in draws.items()}, shown=shown, intervals=intervals)
pathlib.Path(__file__).with_name("bootstrap.json").write_text(json.dumps(out, ensure_ascii=False) + "\n")
