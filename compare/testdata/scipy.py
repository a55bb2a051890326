"""Writes scipy.json beside it: matrices with the assignments that SciPy finds for them.

    python scipy.py
"""
import json, pathlib
import numpy as np, scipy
from scipy.optimize import linear_sum_assignment

rng = np.random.default_rng(6)
cases = []
for rows, cols in ((1, 1), (3, 5), (6, 4), (12, 12), (20, 24), (30, 17)):
    gain = np.round(rng.normal(size=(rows, cols)), 4).astype(np.float32)
    r, c = linear_sum_assignment(gain, maximize=True)
    cases.append({"rows": rows, "cols": cols, "gain": [round(float(g), 4) for g in gain.ravel()], "row": r.tolist(), "col": c.tolist()})
out = {"scipy": scipy.__version__, "cases": cases}
pathlib.Path(__file__).with_name("scipy.json").write_text(json.dumps(out))
