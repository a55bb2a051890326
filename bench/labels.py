"""The peer of bench/labels: scikit-learn's SparseCoder(transform_algorithm="omp").

    python3 bench/labels.py make DIR WORDS EMBED UNITS SEED [HEADS]  a bank and units to label
    python3 bench/labels.py code DIR UNITS TERMS float32|float64 labels the first UNITS of them
    python3 bench/labels.py testdata concept/testdata/sparse     what the tests of package concept compare with

`make` writes embeddings.npy [WORDS,EMBED], unit rows as a text tower gives them: a common mean, a spectrum that decays, groups of words
that mean nearly the same; and units.npy [UNITS,EMBED], unit directions that lie, like pairs, in subspaces of 64 dimensions: unit i is row i of
mixtures.npy [UNITS,64] times head i·HEADS//UNITS of heads.npy [HEADS·64,EMBED].
`code` writes words.npy [UNITS,TERMS] and coefficients.npy, words ascending, and prints JSON: seconds of the Gram matrix, of each label given that matrix,
and the peak of memory.
"""
import json
import os
import resource
import sys
import time

import numpy as np

HEAD = 64  # dimensions of a head


def make(folder, words, embed, units, seed, heads=0):
    random = np.random.default_rng(seed)
    scale = (1 + np.arange(embed) / 16) ** -0.5
    turn = np.linalg.qr(random.standard_normal((embed, embed)))[0]
    groups = random.standard_normal((max(words // 20, 2), embed))
    x = 0.6 * groups[random.integers(0, len(groups), words)] + random.standard_normal((words, embed))
    x = (x * scale) @ turn
    x += np.linalg.norm(x, axis=1).mean() * 1.2 * turn[0]  # texts share most of their direction
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    heads = np.float32([random.standard_normal((HEAD, embed)) * scale**0.5 @ turn for _ in range(heads or max(units // 256, 1))])
    of = np.arange(units) * len(heads) // units
    mixtures = random.standard_normal((units, HEAD))
    mixtures = np.float32(mixtures / [[np.linalg.norm(m @ heads[h])] for m, h in zip(mixtures, of)])
    u = np.array([m.astype("float64") @ heads[h] for m, h in zip(mixtures, of)])
    np.save(os.path.join(folder, "embeddings.npy"), x.astype(np.float32))
    np.save(os.path.join(folder, "units.npy"), u.astype(np.float32))
    np.save(os.path.join(folder, "heads.npy"), heads.reshape(-1, embed))
    np.save(os.path.join(folder, "mixtures.npy"), mixtures)


def dictionary(folder, kind):
    x = np.load(os.path.join(folder, "embeddings.npy")).astype(np.float64)
    x -= x.mean(0)
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32).astype(kind)


def code(folder, units, terms, kind):
    from sklearn.decomposition import sparse_encode  # what SparseCoder.transform calls

    atoms = dictionary(folder, kind)
    u = np.load(os.path.join(folder, "units.npy"))[:units].astype(kind)
    start = time.perf_counter()
    gram = atoms @ atoms.T
    middle = time.perf_counter()
    x = sparse_encode(u, atoms, gram=gram, algorithm="omp", n_nonzero_coefs=terms)
    seconds = (time.perf_counter() - middle) / units
    found = np.zeros((units, terms), np.int32)
    coefficients = np.zeros((units, terms), np.float32)
    for i, row in enumerate(x):
        at = np.flatnonzero(row)
        found[i, : len(at)], coefficients[i, : len(at)] = at, row[at]
    np.save(os.path.join(folder, "words.npy"), found)
    np.save(os.path.join(folder, "coefficients.npy"), coefficients)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"gram_seconds": middle - start, "label_seconds": seconds, "peak_bytes": peak}))


def greedy_nnls(atoms, unit, terms):
    """Adds the word of largest positive correlation and fits anew with SciPy's non-negative least squares."""
    from scipy.optimize import nnls

    chosen, x = [], np.zeros(0)
    while len(chosen) < terms:
        correlation = atoms @ (unit - x @ atoms[chosen]) if chosen else atoms @ unit
        word = int(correlation.argmax())
        if correlation[word] < 1e-5:
            break
        chosen.append(word)
        x, _ = nnls(atoms[chosen].T, unit)
        chosen, x = [w for w, v in zip(chosen, x) if v > 0], x[x > 0]
    out = np.zeros(len(atoms))
    out[chosen] = x
    return out


def testdata(folder, words=400, embed=48, units=60, terms=12, penalty=0.1):
    from sklearn.decomposition import sparse_encode
    from sklearn.linear_model import Lasso

    os.makedirs(folder, exist_ok=True)
    make(folder, words, embed, units, 3)
    atoms = dictionary(folder, "float64")
    u = np.load(os.path.join(folder, "units.npy")).astype("float64")
    save = lambda name, x: np.save(os.path.join(folder, name), np.ascontiguousarray(x, np.float32))
    save("omp", sparse_encode(u, atoms, algorithm="omp", n_nonzero_coefs=terms))
    save("nonnegative", np.array([greedy_nnls(atoms, v, terms) for v in u[:20]]))
    lasso = Lasso(alpha=penalty / embed, fit_intercept=False, positive=True, tol=1e-14, max_iter=1_000_000)
    save("lasso", np.array([lasso.fit(atoms.T, v).coef_.copy() for v in u[:20]]))


if __name__ == "__main__":
    verb, folder, *rest = sys.argv[1:]
    if verb == "make":
        make(folder, *map(int, rest))
    elif verb == "testdata":
        testdata(folder)
    else:
        code(folder, int(rest[0]), int(rest[1]), rest[2])
