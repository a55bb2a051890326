"""Embeddings rebuilt from directions in words, as the published code does it: every contribution is formed, its principal component is taken by an SVD, coded
by scikit-learn's matching pursuit over a dictionary whose columns are unit, and the sum of the coded texts, made unit, is what contributions are projected on.

    pip install numpy scikit-learn
    python3 experiment/testdata/from_words.py

writes from_words.json beside itself. The texts are random directions.
"""
import numpy as np
from sklearn.decomposition import sparse_encode

from tiny import attend, contributions, write, x

texts = np.random.default_rng(7).standard_normal((40, 32)).round(3)
full = contributions(x, attend(x))  # [I,M,C,D], biases spread evenly
assert full.shape[-1] == texts.shape[1], full.shape
means = full.mean(0)
dictionary = texts - texts.mean(0)
dictionary = dictionary / np.linalg.norm(dictionary, axis=0, keepdims=True)


def first(rows):
    """The first component of centred contributions, of the fifty of largest norm."""
    order = np.argsort(-np.linalg.norm(rows, axis=1))[:50]
    return np.linalg.svd(rows[order], full_matrices=False)[2][0]


def rebuilt(full, means, words):
    """[I,U,D], [U,D] -> [2,D] from components coded in so many words; 0 leaves them as they are."""
    pcs = np.stack([first(full[:, u] - means[u]) for u in range(full.shape[1])])
    if words:
        coded = sparse_encode(pcs, dictionary, algorithm="omp", n_nonzero_coefs=words)
        pcs = coded @ dictionary
        pcs /= np.linalg.norm(pcs, axis=1, keepdims=True)
    dots = np.einsum("iud,ud->iu", full[:2] - means, pcs)
    return (means + dots[..., None] * pcs).sum(1)


I, M, C, D = full.shape
out = {"texts": texts}
for words in (0, 1, 4):
    out[f"pair_{words}"] = rebuilt(full.reshape(I, M * C, D), means.reshape(M * C, D), words)
    out[f"neuron_{words}"] = rebuilt(full.sum(1), means.sum(0), words)
write("from_words.json", **out)
