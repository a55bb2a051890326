"""Writes null.json: from which share on a label is a name, with NumPy. See docs/guide/label.md and concept.Null.

    pip install numpy; python3 null.py

The pursuit solves a least-squares problem anew after each word. Directions of chance and units are random; half of the units hold two texts.
"""
import json
import math
import pathlib

import numpy as np

r = np.random.default_rng(19)
T, D, TERMS = 40, 24, 5
texts = r.normal(size=(T, D)).astype(np.float32)
texts /= np.linalg.norm(texts, axis=1, keepdims=True)
chance = r.normal(size=(200, D)).astype(np.float32)
units = r.normal(size=(60, D)).astype(np.float32)
atoms = texts.astype(float) - texts.astype(float).mean(0)
atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
for i in range(30):
    units[i] = 0.15 * units[i] + atoms[i] + (0.5 * atoms[(i + 7) % T] if i % 2 else 0) * r.uniform()


def explained(u):
    """Share of ‖u‖² that 1, 2, … words explain."""
    u, words, shares = u.astype(float), [], []
    rest = u
    for _ in range(TERMS):
        words.append(int(np.abs(atoms @ rest).argmax()))
        fit = np.linalg.lstsq(atoms[words].T, u, rcond=None)[0]
        rest = u - atoms[words].T @ fit
        shares.append(1 - rest @ rest / (u @ u))
    return words, shares


def shown(shares):
    """Words up to the one that adds less than a quarter of what the first explains, five at most."""
    for k in range(len(shares)):
        if k == 5 or shares[k] - (shares[k - 1] if k else 0) < 0.25 * shares[0]:
            return k
    return len(shares)


null = np.sort([explained(c)[1] for c in chance], axis=0)[math.ceil(0.95 * len(chance)) - 1]  # the share that 95 of 100 do not exceed
labels = [explained(u) for u in units]
counts = [shown(s) for _, s in labels]
named = [bool(s[k - 1] > null[k - 1]) for (_, s), k in zip(labels, counts)]
print(null, sum(named), sum(named[:30]), np.bincount(counts))
plain = lambda x: [float(f"{v:.9g}") for v in np.asarray(x).ravel()]
(pathlib.Path(__file__).parent / "null.json").write_text(json.dumps(dict(
    embed=D, terms=TERMS, texts=plain(texts), chance=plain(chance), units=plain(units), null=plain(null), shown=counts, named=named)) + "\n")
