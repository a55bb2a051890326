"""Writes scipy.json beside it: Gram matrices of random parts with the linkage matrices that SciPy makes of their distances.

    python scipy.py      (NumPy and SciPy; made with SciPy's versions that stand in the file)
"""
import json, pathlib
import numpy as np, scipy
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

rng = np.random.default_rng(20)
cases = []
for heads, rank in ((2, 3), (5, 4), (12, 6), (32, 20)):
    groups = rng.normal(size=(max(2, heads // 4), rank))
    parts = groups[rng.integers(len(groups), size=heads)] * rng.lognormal(size=(heads, 1)) + 0.4 * rng.normal(size=(heads, rank))
    gram = parts @ parts.T
    length = np.sqrt(np.diag(gram))
    euclid = np.sqrt(np.maximum(np.diag(gram)[:, None] + np.diag(gram)[None] - 2 * gram, 0))
    cosine = 1 - gram / np.outer(length, length)
    for m in (euclid, cosine):
        np.fill_diagonal(m, 0)
    cases.append({
        "heads": heads, "gram": gram.ravel().tolist(),
        "average": linkage(squareform(cosine, checks=False), "average").tolist(),
        "ward": linkage(squareform(euclid, checks=False), "ward").tolist(),
    })
out = {"scipy": scipy.__version__, "numpy": np.__version__, "cases": cases}
pathlib.Path(__file__).with_name("scipy.json").write_text(json.dumps(out))
