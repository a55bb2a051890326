"""Writes notable.json: embeddings of testdata/tiny without each image's significant pairs or neurons, and without all others, as compute_ablations.py of
"Interpreting the second-order effects of neurons in CLIP" (arXiv 2406.04341) makes them, from contributions formed one by one.

    pip install numpy; python3 notable.py

A unit is significant in an image where its centred contribution is longer than its own fifth longest over all images (there: hundredth).
"""
import numpy as np

from tiny import attend, contributions, embed, write, x

TOP = 5
a = attend(x)
whole, pairs = embed(x, a), contributions(x, a)  # [I,D], [I,M,C,D]
out = {}
for unit, parts in (("pair", pairs.reshape(len(x), -1, pairs.shape[-1])), ("neuron", pairs.sum(1))):
    centred = parts - parts.mean(0)
    norms = np.linalg.norm(centred, axis=-1)  # [I,U]
    thresholds = np.sort(norms, axis=0)[-TOP]
    bare = whole - centred.sum(1)  # everything at its mean
    significant = norms > thresholds
    out[unit + "_thresholds"] = thresholds[::16]
    out[unit + "_counts"] = significant.sum(1)
    out[unit + "_without_notable"] = np.stack([b + c[~s].sum(0) for b, c, s in zip(bare, centred, significant)])
    out[unit + "_without_others"] = np.stack([b + c[s].sum(0) for b, c, s in zip(bare, centred, significant)])
write("notable.json", **out)
