"""Writes permutation.json: p-values of the permutation test of two means by enumeration or by many deals, for the tests of package drift. Run: python3 permutation.py"""
import json, os
from math import comb
import numpy as np
from scipy import stats

rng = np.random.default_rng(11)
out = []
def exact(x, y):  # twice the smaller tail, by scipy over all deals
    s = lambda a, b, axis: a.mean(axis=axis)
    up = stats.permutation_test((x, y), s, vectorized=True, n_resamples=np.inf, alternative="greater").pvalue
    down = stats.permutation_test((x, y), s, vectorized=True, n_resamples=np.inf, alternative="less").pvalue
    return min(1, 2 * min(up, down))
for n, m, shift in [(8, 9, 0.0), (8, 9, 1.0), (8, 10, 2.0), (6, 12, 1.5)]:
    x = rng.exponential(size=n).astype(np.float32); y = (rng.exponential(size=m) + shift).astype(np.float32)
    out.append({"x": x.tolist(), "y": y.tolist(), "p": exact(x.astype(float), y.astype(float)), "deals": comb(n + m, n)})
for n, m, shift in [(40, 400, 0.55), (40, 400, -0.3), (40, 400, 0.4)]:  # many deals
    x = (rng.gamma(0.5, size=n) + shift).astype(np.float32); y = rng.gamma(0.5, size=m).astype(np.float32)
    pooled = np.concatenate([x, y]).astype(float); seen = pooled[:n].sum(); up = down = 0; deals = 400_000
    for _ in range(deals // 10_000):
        picked = np.argpartition(rng.random((10_000, n + m)), n, axis=1)[:, :n]
        s = pooled[picked].sum(axis=1)
        up += (s >= seen - 1e-9).sum(); down += (s <= seen + 1e-9).sum()
    out.append({"x": x.tolist(), "y": y.tolist(), "p": min(1, 2 * min(up, down) / deals), "deals": deals})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "permutation.json"), "w") as f:
    json.dump(out, f)
print([(o["p"], o["deals"]) for o in out])
