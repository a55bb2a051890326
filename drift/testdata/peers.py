"""Writes scipy.json: what SciPy and NumPy say of small samples, for the tests of package drift. Run: python3 peers.py"""
import json, os
import numpy as np
from scipy import stats, linalg
from scipy.spatial.distance import cdist

rng = np.random.default_rng(7)
two = []
for n, m, shift, kind in [(5, 7, 0.0, "normal"), (40, 25, 0.8, "normal"), (60, 80, 0.3, "exponential"), (50, 50, 0.5, "ties"), (200, 3, 0.0, "normal")]:
    x, y = (rng.exponential(size=k) if kind == "exponential" else rng.normal(size=k) for k in (n, m))
    y = y + shift
    if kind == "ties":
        x, y = np.round(x * 2), np.round(y * 2)
    x, y = x.astype(np.float32), y.astype(np.float32)
    xd, yd = x.astype(float), y.astype(float)
    t, p = stats.ttest_ind(xd, yd, equal_var=False)
    u, pu = stats.mannwhitneyu(xd, yd, use_continuity=True, alternative="two-sided", method="asymptotic")
    r = {}
    if n == m:
        r = {"pearson": stats.pearsonr(xd, yd)[0]}
    two.append({"x": x.tolist(), "y": y.tolist(), "welch": [t, p], "mann_whitney": [u, pu],
                "interval": stats.t.interval(0.95, n - 1, xd.mean(), stats.sem(xd)), "skew": stats.skew(xd), "kurtosis": stats.kurtosis(xd)} | r)

a = rng.normal(size=(30, 4)) @ rng.normal(size=(4, 4))
b = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4)) + 0.5
a, b = a.astype(np.float32).astype(float), b.astype(np.float32).astype(float)
ca, cb = np.cov(a.T), np.cov(b.T)
frechet = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(ca + cb - 2 * np.real(linalg.sqrtm(ca @ cb)))
energy = 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()

p = rng.uniform(size=20) ** 3
n = len(p)
order = np.argsort(p)
adjusted = np.empty(n)
adjusted[order] = np.minimum.accumulate((p[order] * n / np.arange(1, n + 1))[::-1])[::-1]
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "scipy.json"), "w") as f:
    json.dump({"two_samples": two, "a": a.ravel().tolist(), "b": b.ravel().tolist(), "embed": 4, "frechet": frechet, "energy": energy,
               "p": p.tolist(), "adjusted": np.minimum(adjusted, 1).tolist()}, f)
