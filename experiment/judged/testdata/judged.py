"""Writes judged.json: small values and presences, and what NumPy, SciPy and scikit-learn make of them.

    pip install numpy scipy scikit-learn; python3 judged.py
    python3 judged.py --peers CLIP-dissect invert     also runs the published code, in folders with these names (needs torch and their requirements)

CLIP-Dissect, CoSy, INVERT and DeLong's variance are written here from the papers' formulas, by other ways than facet's: DeLong over the whole matrix of
comparisons, INVERT by trying every formula of the beam with scikit-learn's AUC.
"""
import json
import pathlib
import sys

import numpy as np
import scipy
import scipy.special
import scipy.stats
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

r = np.random.default_rng(22)
P, T, N = 5, 6, 240

present = r.random((T, N)) < np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.05])[:, None]
mix = r.normal(size=(P, T)) * 1.2
values = mix @ present + r.normal(size=(P, N))
values[1] = values[1].round(1)  # ties
cosines = r.normal(scale=0.1, size=(N, T)) + 0.25 * present.T


def soft_wpmi(cosines, values, top=100, a=10, first=0.998, last=0.97, least=1e-7):
    words = scipy.special.softmax(a * cosines, axis=1)
    scores = []
    for v in values:
        best = np.argsort(-v, kind="stable")[:top]
        sure = first - np.arange(len(best)) / len(best) * (first - last)
        scores.append(np.log(1 + sure[:, None] * (words[best] - 1) + least).sum(0))
    scores = np.array(scores)
    return scores - (scipy.special.logsumexp(scores, axis=0) - np.log(len(scores)))


def delong(x, y):
    above = (x[:, None] > y).astype(float) + 0.5 * (x[:, None] == y)
    a, b = above.mean(1).var(ddof=1) / len(x), above.mean(0).var(ddof=1) / len(y)
    return a + b, (a + b) ** 2 / (a**2 / (len(x) - 1) + b**2 / (len(y) - 1))


def holds(v, p, least):
    auc = roc_auc_score(p, v)
    if auc == 1:
        return least ** min(p.sum(), (~p).sum())
    variance, freedom = delong(v[p], v[~p])
    z = (scipy.special.logit(auc) - scipy.special.logit(least)) / (np.sqrt(variance) / (auc * (1 - auc)))
    m, n = p.sum(), (~p).sum()
    q1, q2 = least / (2 - least), 2 * least**2 / (1 + least)  # Hanley and McNeil
    se = np.sqrt((least * (1 - least) + (m - 1) * (q1 - least**2) + (n - 1) * (q2 - least**2)) / (m * n))
    return max(scipy.stats.t.sf(z, freedom), scipy.stats.norm.sf((auc - least) / se))


def invert(v, words, beam=3):
    atoms = [p for p in present] + [~p for p in present]

    def best(masks):
        scored = {}
        for m in masks:
            if 0 < m.sum() <= 0.5 * len(m):
                scored.setdefault(m.tobytes(), (roc_auc_score(m, v), m))
        return sorted(scored.values(), key=lambda s: -s[0])[:beam]

    kept = best(atoms)
    for _ in range(words - 1):
        kept = best([m for _, m in kept] + [op(m, a) for _, m in kept for a in atoms for op in (np.logical_and, np.logical_or)])
    return kept[0][0]


def cosy(made, control):
    truth = np.r_[np.zeros(len(control)), np.ones(len(made))]
    return [roc_auc_score(truth, np.r_[control, made]), (made.mean() - control.mean()) / control.std(ddof=1)]


def reliability(p, right):
    bins = np.minimum((10 * p).astype(int), 9)
    return float(sum(abs(p[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins)))


marks = np.c_[r.random(120) * 0.2, 0.7 + 0.3 * r.random(120), r.random(120)]
right = r.random(120) < scipy.special.expit(20 * marks[:, 0] + 4 * marks[:, 2] - 4)
z = (marks - marks.mean(0)) / marks.std(0)
fit = LogisticRegression(C=1.0, tol=1e-12, max_iter=10000).fit(z, right)
probability = fit.predict_proba(z)[:, 1]
p = r.random(40) ** 2
ranksum = [scipy.stats.mannwhitneyu(v[~w], v[w], method="asymptotic").pvalue for v in values for w in present]
certain = np.array([3.0, 2.0, 5.0, -1.0, 0.0]), np.array([True, True, True, False, False])

out = {
    "made_by": f"NumPy {np.__version__}, SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}",
    "values": values.tolist(), "present": present.tolist(), "cosines": cosines.tolist(),
    "auc": [[roc_auc_score(w, v) for w in present] for v in values],
    "ranksum": np.reshape(ranksum, (P, T)).tolist(),
    "variance": [[delong(v[w], v[~w])[0] for w in present] for v in values],
    "holds": [[holds(v, w, 0.6) for w in present] for v in values],
    "certain": [certain[0].tolist(), certain[1].tolist(), holds(*certain, 0.8)],
    "soft_wpmi": soft_wpmi(cosines, values).tolist(),
    "invert": [[invert(v, words) for words in (1, 2, 3)] for v in values],
    "cosy": [[cosy(v[w], v[:150]) for w in present] for v in values],
    "marks": marks.tolist(), "right": right.tolist(), "probability": probability.tolist(),
    "brier": brier_score_loss(right, probability), "ece": reliability(probability, right),
}


def peers(dissect, code):
    import torch
    sys.path.insert(0, dissect)
    import similarity
    some = np.delete(values, 1, 0)  # which of equal values come first is left open
    theirs = similarity.soft_wpmi(torch.tensor(cosines), torch.tensor(some.T), device="cpu").numpy()
    print("CLIP-Dissect: largest difference of a score", np.abs(theirs - soft_wpmi(cosines, some)).max())
    import sympy
    sys.path.insert(0, code)
    from invert.explainer import Invert
    e = Invert()
    e.labels, e.num_samples, e.num_concepts = torch.tensor(present.T), N, T
    e.concepts = [sympy.Symbol(f"w{t}") for t in range(T)]
    e.memdict = {f"w{t}": torch.tensor(present[t]) for t in range(T)}
    for words in (1, 2, 3):
        theirs = [float(e.explain_representation(torch.tensor(v), words, 3)[0]["metric"]) for v in values]
        print(f"INVERT, {words} words: ours less theirs", [f"{out['invert'][i][words - 1] - theirs[i]:+.1e}" for i in range(P)])


if sys.argv[1:2] == ["--peers"]:
    peers(*sys.argv[2:])
else:
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
