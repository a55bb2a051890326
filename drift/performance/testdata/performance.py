"""Writes performance.json: calibrated confidences by scikit-learn, and ATC as its authors' code has it, for the tests of package performance. Run: python3 performance.py"""
import json, os
import numpy as np
from sklearn.isotonic import IsotonicRegression

def atc(scores, right):  # a transcription of find_ATC_threshold
    order = np.argsort(scores, kind="stable"); scores, right = scores[order], right[order]
    fp, fn = np.sum(right == 0), 0
    best, at = np.abs(fp - fn), 0.0
    for s, r in zip(scores, right):
        if r == 0: fp -= 1
        else: fn += 1
        if np.abs(fp - fn) < best: best, at = np.abs(fp - fn), s
    return at

rng = np.random.default_rng(3)
out = []
for n, m, ties in [(60, 40, False), (500, 200, False), (300, 100, True)]:
    c, d = rng.beta(3, 1.5, size=n), rng.beta(2, 2, size=m)
    if ties: c, d = np.round(c, 1), np.round(d, 1)
    right = rng.random(n) < c ** 1.5
    f = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(c, right.astype(float))
    t = atc(c, right)
    out.append({"reference": c.tolist(), "right": right.tolist(), "new": d.tolist(), "calibrated": f.predict(d).mean(), "atc": float((d >= t).mean()), "confidence": d.mean()})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "performance.json"), "w") as f:
    json.dump(out, f)
print([(o["calibrated"], o["atc"], o["confidence"]) for o in out])
