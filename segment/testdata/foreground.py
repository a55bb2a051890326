"""Writes foreground.json: pixel accuracy, IoU and average precision of pictures in two, as compute_segmentations.py of clip_prs and compute_segmentation.py of
second_order_lens compute them, with NumPy and scikit-learn on the logits of truth.json.

    pip install numpy scikit-learn; python3 foreground.py
"""
import json
import pathlib

import numpy as np
from sklearn.metrics import average_precision_score

here = pathlib.Path(__file__).parent
truth = json.loads((here / "truth.json").read_text())
logits = np.array(truth["logits"], np.float32).reshape(3, 45, 75)
y, x = np.mgrid[:45, :75]
target = (((x - 40) ** 2 + (y - 20) ** 2 < 260) | ((x + 2 * y) % 11 == 0)).astype(int)


def histogram(values):
    return np.array([(values == 1).sum(), (values == 2).sum()])


def measure(score, cut):
    """score [H,W] from 0 to 1."""
    ones, zeros = (score > cut).astype(np.float32), (score <= cut).astype(np.float32)
    predicted = np.argmax(np.stack([zeros, ones]), 0)
    p, t = predicted + 1, target + 1
    inter = histogram(p * (p == t))
    union = histogram(p) + histogram(t) - inter
    both = np.stack([1 - score, score]).ravel()
    hot = np.stack([target == 0, target == 1]).ravel().astype(int)
    return dict(correct=int((p == t).sum()), inter=inter.tolist(), union=union.tolist(), ap=float(average_precision_score(hot, both)))


cases = []
for c in range(3):
    own = logits[c] - logits.mean(0)
    clipped = np.clip(own, 0, own.max())
    score = (clipped - clipped.min()) / (clipped.max() - clipped.min())
    cases.append(dict(map=c, threshold=0, **measure(score, score.mean())))
    whole = (own - own.min()) / (own.max() - own.min())
    cases.append(dict(map=c, threshold=0.5, **measure(whole, 0.5)))
(here / "foreground.json").write_text(json.dumps(cases) + "\n")
