"""Writes reference.json: what the published segmentor does otherwise, with NumPy on testdata/tiny and on the logits of truth.json.

    pip install numpy; python3 reference.py

maskclip is forward_values_only: every token with its position through the value and output maps, compared with the centred class texts.
labels are those of postprocess_result with an area (area_thd) and a threshold (prob_thd).
"""
import json
import pathlib
import sys

import numpy as np

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "experiment" / "testdata"))
from tiny import golden, p, x  # noqa: E402

out = (x @ p["v_proj.weight"].T + p["v_proj.bias"]) @ p["c_proj.weight"].T + p["c_proj.bias"]
out /= np.linalg.norm(out, axis=-1, keepdims=True)
maskclip = np.einsum("bno,po->bpn", out, golden["class_text"].astype(float))[:, :, 1:]

truth = json.loads((here / "truth.json").read_text())
logits = 40 * np.array(truth["logits"], float).reshape(3, 45, 75)
probability = np.exp(logits - logits.max(0))
probability /= probability.sum(0)


def postprocess(seg, area, threshold):
    seg = seg.copy()
    one = np.eye(len(seg))[seg.argmax(0)][:, :, 1:].sum((0, 1))  # pixels of each class but the background
    seg[1:] *= (one > area * one.sum())[:, None, None]
    labels = seg.argmax(0)
    labels[seg.max(0) < threshold] = 0
    return labels


cases = [dict(area=a, threshold=t, labels="".join(map(str, postprocess(probability, a, t).ravel()))) for a, t in ((0.1, 0), (0.5, 0), (0.5, 0.6), (0.9, 0))]
print([np.bincount([int(c) for c in k["labels"]], minlength=3) for k in cases], file=sys.stderr)
(here / "reference.json").write_text(json.dumps(dict(maskclip=[float(f"{v:.8g}") for v in maskclip.ravel()], cases=cases)) + "\n")
