"""Asks of atlases with scalars how the paper's measure of polysemanticity turns with the number of images, and why.

    pip install numpy pyarrow; python3 bench/polysemanticity.py ATLAS…

Formulas are those of docs/design.md, 14, 19 and 40. An atlas is cut to its first images. Ranges are over the atlases.
"""
import sys

import numpy as np
import pyarrow.parquet as pq


def load(folder):
    s = np.load(f"{folder}/scalars.npy").astype(np.float32)
    images = pq.read_table(f"{folder}/images.parquet", columns=["image", "label", "embedding"]).sort_by("image")
    e = np.array(images["embedding"].to_pylist(), np.float32)
    _, label = np.unique(images["label"].to_pylist(), return_inverse=True)
    M, C = s.shape[1:]
    packed, gram = np.load(f"{folder}/neuron_gram.npy"), np.zeros((C, M, M), np.float32)
    h, g = np.triu_indices(M)
    gram[:, h, g] = gram[:, g, h] = packed
    return s, e / np.linalg.norm(e, axis=1, keepdims=True), label, gram


def top(lengths, k):
    """Images of largest length [C,k], in order of the images."""
    return np.sort(np.argsort(-lengths, axis=0, kind="stable")[:k].T, axis=1)


def scatter(e, images):
    v = e[images]
    return ((v - v.mean(1, keepdims=True)) ** 2).sum((1, 2))


def monosemanticity(e, lengths):
    low = lengths.min(0)
    w = (lengths - low) / (lengths.max(0) - low)
    own, total = (w * w).sum(0), w.sum(0)
    return (((w.T @ e) ** 2).sum(1) - own) / (total**2 - own)


def length(centred, gram):
    return np.sqrt(np.maximum(np.einsum("ihc,chg,igc->ic", centred, gram, centred, optimize=True), 0))


def purity(label, images):
    """Share of the images that have the label of most of them."""
    return np.array([np.bincount(row).max() for row in label[images]]) / images.shape[1]


def ask(s, e, label, gram, say):
    N, M, C = s.shape
    centred = s - s.mean(0)
    norms = np.sqrt(np.einsum("chh->hc", gram))
    pairs, neurons = np.abs(centred) * norms, length(centred, gram)
    order = np.argsort(-np.sort(pairs, axis=0)[-50:].mean(0), axis=0)  # heads of each neuron, strongest first
    best = pairs[:, order[0], np.arange(C)]

    def compare(what, pair, neuron):
        say(what, (pair < neuron).sum(), (pair > neuron).sum(), np.median(pair), np.median(neuron))

    for k in sorted({10, round(N / 12)}):
        compare(f"scatter of {k}", scatter(e, top(best, k)), scatter(e, top(neurons, k)))
    compare("MonoSemanticity (turned)", -monosemanticity(e, best), -monosemanticity(e, neurons))
    if N == len(s) and N >= 2000:
        compare("share of other labels, 10", 1 - purity(label, top(best, 10)), 1 - purity(label, top(neurons, 10)))
        for m in (2, 4, 8):
            part = np.zeros((M, C), bool)
            np.put_along_axis(part, order[:m], True, axis=0)
            compare(f"the strongest {m} pairs summed, 10", scatter(e, top(length(centred * part, gram), 10)), scatter(e, top(neurons, 10)))
        weak = pairs[:, order[-1], np.arange(C)]
        compare("the weakest pair, 10", scatter(e, top(weak, 10)), scatter(e, top(neurons, 10)))


def main():
    rows = {}
    for folder in sys.argv[1:]:
        s, e, label, gram = load(folder)
        for N in (120, 500, 1000, 2000):
            if N <= len(s):
                ask(s[:N], e[:N], label[:N], gram, lambda what, *row, N=N: rows.setdefault((N, what), []).append(row))
    for (N, what), row in rows.items():
        low, high, pair, neuron = np.array(row).T
        print(f"{N:5} images, {what:34} lower in {low.mean():5.0f} ({low.min():.0f} to {low.max():.0f}), higher in {high.mean():5.0f}; medians {pair.mean():.3f}, {neuron.mean():.3f}")


main()
