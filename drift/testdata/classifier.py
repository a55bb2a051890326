"""Writes classifier.json: what scikit-learn's logistic regression and PCA make of two samples, for the tests of package drift. Run: python3 classifier.py"""
import json, os
import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(5)
out = []
for n, m, shift in [(30, 45, 0.0), (60, 60, 0.8), (100, 40, 3.0)]:
    mix = rng.normal(size=(8, 8))
    x, y = rng.normal(size=(n, 8)) @ mix, rng.normal(size=(m, 8)) @ mix
    y[:, 0] += shift
    z = np.concatenate([x, y]).astype(np.float32).astype(float)
    k = 5
    side = np.arange(n + m) >= n
    whole = PCA(k, whiten=True, svd_solver="full").fit_transform(z) * np.sqrt((n + m) / (n + m - 1))  # facet divides by n
    fold = np.concatenate([np.arange(n) % 5, np.arange(m) % 5])
    areas, weights = [], []
    for f in range(5):
        learn = fold != f
        fit = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(whole[learn], side[learn])
        weights.append([fit.intercept_[0], *fit.coef_[0]])
        areas.append(roc_auc_score(side[~learn], fit.decision_function(whole[~learn])))
    out.append({"n": n, "m": m, "z": z.ravel().tolist(), "embed": 8, "whole": whole.ravel().tolist(), "components": k, "auc": float(np.mean(areas)), "weights": weights})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "classifier.json"), "w") as f:
    json.dump(out, f)
print([o["auc"] for o in out])
