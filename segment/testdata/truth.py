"""Writes truth.json: scores of random label maps by NumPy and scikit-learn, and bilinear resizing by PyTorch. Run once: python3 truth.py > truth.json"""
import json

import numpy as np
import torch
from sklearn.metrics import confusion_matrix, jaccard_score

rng = np.random.default_rng(6)
cases = []
for classes, ignored, reduce_zero, pictures in ((5, 0, False, 1), (21, 0.1, False, 3), (7, 0.3, True, 2), (40, 0.05, False, 2)):
    shape = (pictures, 300)
    truth = rng.integers(0, classes + reduce_zero, shape)
    if classes == 40:
        truth[truth == 13] = 14  # a class that is only predicted, and one that is nowhere
        truth[truth == 20] = 14
    truth[rng.random(shape) < ignored] = 255
    predicted = np.where(rng.random(shape) < 0.5, np.clip(truth.astype(int) - reduce_zero, 0, classes - 1), rng.integers(0, classes, shape))
    predicted[predicted == 255 - reduce_zero] = 0
    if classes == 40:
        predicted[predicted == 20] = 21
    t = truth.copy()
    if reduce_zero:
        t[t == 0] = 255
        t = t - 1
        t[t == 254] = 255
    keep = t != 255
    y, p = t[keep], predicted[keep]
    m = confusion_matrix(y, p, labels=np.arange(classes))
    with np.errstate(invalid="ignore", divide="ignore"):
        acc = m.diagonal() / m.sum(1)
    there = (m.sum(0) + m.sum(1)) > 0
    iou = np.where(there, jaccard_score(y, p, labels=np.arange(classes), average=None, zero_division=0), np.nan)
    null = lambda x: [None if np.isnan(v) else float(v) for v in x]
    cases.append(dict(classes=classes, reduce_zero=reduce_zero, truth=truth.tolist(), predicted=predicted.tolist(), iou=null(iou), accuracy=null(acc),
                      miou=float(np.nanmean(iou)), macc=float(np.nanmean(acc)), aacc=float((y == p).mean())))

# windows of 64 pixels (grids of 2×2) every 32 over a canvas of 160×96, shown at 75×45: accumulate, divide, resize, as mmsegmentation does
f = torch.nn.functional
grids, total, count = [], torch.zeros(1, 3, 96, 160), torch.zeros(1, 1, 96, 160)
for y in (0, 32):
    for x in (0, 32, 64, 96):
        g = torch.from_numpy(rng.normal(size=(1, 3, 2, 2)).astype(np.float32))
        grids.append(g.flatten().tolist())
        total[:, :, y:y + 64, x:x + 64] += f.interpolate(g, size=(64, 64), mode="bilinear", align_corners=False)
        count[:, :, y:y + 64, x:x + 64] += 1
logits = f.interpolate(total / count, size=(45, 75), mode="bilinear", align_corners=False)
probability = (40 * logits).softmax(1).amax(1)
print(json.dumps(dict(metrics=cases, windows=grids, logits=[round(float(v), 6) for v in logits.flatten()],
                      unsure=int((probability < 0.9).sum()))))
