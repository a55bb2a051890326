"""Write edit/testdata/leace: embeddings with labels, and what the package concept-erasure makes of them.

    python3 -m venv venv && venv/bin/pip install concept-erasure numpy
    venv/bin/python scripts/leace_golden.py edit/testdata/leace

The package's own defaults shrink the covariance and drop small singular values; the published closed form does neither, so both are turned off.
"""
import pathlib
import sys

import numpy
import torch
from concept_erasure import LeaceFitter

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
r = numpy.random.default_rng(3)
N, D, K = 300, 24, 3
labels = r.integers(0, K, N)
x = r.normal(size=(N, D)) @ r.normal(size=(D, D)) + 2 * r.normal(size=(K, D))[labels]
x = x.astype(numpy.float32)
z = numpy.eye(K)[labels]
fitter = LeaceFitter(D, K, dtype=torch.float64, method="leace", affine=True, constrain_cov_trace=False, shrinkage=False, svd_tol=1e-9)
fitter.update(torch.tensor(x, dtype=torch.float64), torch.tensor(z))
erased = fitter.eraser(torch.tensor(x, dtype=torch.float64)).numpy()
numpy.save(out / "x.npy", x)
numpy.save(out / "labels.npy", labels.astype(numpy.float32))
numpy.save(out / "erased.npy", erased.astype(numpy.float32))
print("moved by", numpy.linalg.norm(erased - x) / numpy.linalg.norm(x))
