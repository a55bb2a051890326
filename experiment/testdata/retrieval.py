"""Writes retrieval.json: embeddings of pictures and captions, and the recalls that scikit-learn and NumPy find.

    pip install scikit-learn; python3 retrieval.py

Embeddings are small whole numbers: many scores are equal, and none is rounded.
"""
import json
import pathlib

import numpy as np

r = np.random.default_rng(0)
N, D = 90, 24
images = r.integers(-9, 10, (N, D))
of = np.sort(np.concatenate([np.arange(N), r.integers(0, N, 330)]))
texts = (images[of] + r.normal(0, 12, (len(of), D))).round().clip(-30, 30).astype(int)
scores = texts @ images.T  # [T, N]


def first(s, k):
    """The k largest of each row; of equal ones the first."""
    return np.argsort(-s, axis=1, kind="stable")[:, :k]


image_hit = {k: (first(scores, k) == of[:, None]).any(1) for k in (1, 5, 10)}
text_hit = {k: (of[first(scores.T, k)] == np.arange(N)[:, None]).any(1) for k in (1, 5, 10)}
# where scores differ, this is scikit-learn's top_k_accuracy_score
from sklearn.metrics import top_k_accuracy_score

apart = scores - np.arange(N) * 1e-6
for k in image_hit:
    assert np.isclose(top_k_accuracy_score(of, apart, k=k, labels=np.arange(N)), image_hit[k].mean())

boot, mean = [], []
count = np.bincount(of, minlength=N)
for _ in range(20_000):
    w = np.bincount(r.integers(0, N, N), minlength=N)
    boot.append((w[of] * image_hit[5]).sum() / (w * count).sum())
    mean.append(((w * text_hit[1]).sum() / N + (w[of] * image_hit[1]).sum() / (w * count).sum()) / 2)
out = {"embed": D, "images": images.ravel().tolist(), "texts": texts.ravel().tolist(), "of": of.tolist(),
       "text": {k: float(v.mean()) for k, v in text_hit.items()}, "image": {k: float(v.mean()) for k, v in image_hit.items()},
       "bootstrap": np.quantile(boot, [0.025, 0.975]).tolist(), "mean": np.quantile(mean, [0.025, 0.975]).tolist()}
pathlib.Path(__file__).with_name("retrieval.json").write_text(json.dumps(out) + "\n")
