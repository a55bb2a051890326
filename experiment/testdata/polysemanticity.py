"""Writes polysemanticity.json with NumPy on testdata/tiny: scores over a share of the images, and the pair of lowest score against its neuron.

    pip install numpy; python3 polysemanticity.py

Contributions are formed one by one. The means are those of all images; a tie goes to the image that comes first.
"""
from tiny import directions, embedding, scalars, write

import numpy as np

unit = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
centred = scalars - scalars.mean(0)
lengths = np.abs(centred) * np.linalg.norm(directions, axis=-1)  # [I,M,C]
whole = np.stack([np.linalg.norm(np.einsum("hn,hnd->nd", c, directions), axis=-1) for c in centred])  # [I,C]


def score(lengths, images, k):
    """[…] of lengths [I,…]"""
    top = np.argsort(-lengths[images], axis=0, kind="stable")[:k]
    top = np.sort(top, axis=0)  # the same images give the same bits: a tie
    v = unit[images][top]  # [k,…,D]
    return ((v - v.mean(0)) ** 2).sum((0, -1))


everything = np.arange(len(unit))
even, odd = everything[::2], everything[1::2]
k = round(0.25 * len(odd))
best = score(lengths, even, k).argmin(0)
judged = score(lengths, odd, k)[best, np.arange(len(best))]
neurons = score(whole, odd, k)
difference = judged - neurons
print(k, (difference < 0).sum(), (difference > 0).sum(), np.median(difference), np.median(neurons))
write("polysemanticity.json", pairs=score(lengths, everything, 60)[:2], lower=(difference < 0).sum(), higher=(difference > 0).sum(), median=np.median(difference))
