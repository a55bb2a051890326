"""Writes zeroshot.json: scores, and what scikit-learn and SciPy make of them.

    pip install scikit-learn scipy; python3 zeroshot.py
"""
import json
import pathlib

import numpy as np
import scipy.stats
import sklearn
import sklearn.metrics as m

r = np.random.default_rng(0)


def listed(a):
    return [float(x) for x in np.asarray(a, np.float32).ravel()]


def single(n, classes, sharp, absent):
    """One class a picture; the last `absent` classes have no picture."""
    truth = r.integers(0, classes - absent, n)
    scores = r.normal(size=(n, classes)).astype(np.float32)
    scores[np.arange(n), truth] += sharp
    given = scores.argmax(1)
    right = int((given == truth).sum())
    low, high = scipy.stats.binomtest(right, n).proportion_ci(0.95, "wilson")
    shares = np.array([(given[truth == c] == c).mean() for c in np.unique(truth)])
    sizes = np.array([(truth == c).sum() for c in np.unique(truth)])
    draws = (r.binomial(sizes, shares, (200_000, len(sizes))) / sizes).mean(1)
    return {
        "classes": classes, "scores": listed(scores), "truth": truth.tolist(),
        "top": {str(k): m.top_k_accuracy_score(truth, scores, k=k, labels=np.arange(classes)) for k in (1, 2, 5) if 2 < classes > k},
        "accuracy": m.accuracy_score(truth, given), "wilson": [low, high],
        "mean_per_class": m.balanced_accuracy_score(truth, given),
        "bootstrap": [float(x) for x in np.quantile(draws, [0.025, 0.975])],
        "recall": [float(x) for x in m.recall_score(truth, given, labels=np.arange(classes), average=None, zero_division=0)],
    }


def several(n, classes, decimals):
    """Any number of classes a picture; -1 in the truth: does not count. Rounded scores are often equal."""
    truth = (r.random((n, classes)) < 0.3).astype(int)
    scores = (r.normal(size=(n, classes)) + truth).round(decimals).astype(np.float32)
    truth[r.random((n, classes)) < 0.1] = -1
    area, eleven = [], []
    for c in range(classes):
        keep = truth[:, c] >= 0
        t, s = truth[keep, c], scores[keep, c]
        area.append(m.average_precision_score(t, s))
        precision, recall, _ = m.precision_recall_curve(t, s)
        found = np.rint(recall * t.sum()).astype(int)
        # its last point, precision 1 at a recall of 0, is no threshold
        eleven.append(np.mean([max(precision[:-1][10 * found[:-1] >= level * t.sum()], default=0) for level in range(11)]))
    return {"classes": classes, "scores": listed(scores), "truth": truth.ravel().tolist(), "area": area, "eleven": [float(x) for x in eleven]}


out = {
    "made_by": f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}",
    "single": [single(90, 7, 1.5, 0), single(40, 12, 1, 3), single(25, 2, 2, 0)],
    "several": [several(60, 5, 6), several(80, 4, 0), several(30, 3, 1)],
}
pathlib.Path(__file__).with_name("zeroshot.json").write_text(json.dumps(out) + "\n")
