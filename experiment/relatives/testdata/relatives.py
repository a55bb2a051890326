"""Writes relatives.json: a small attention pool with scalars, and what related works compute of it, with NumPy and every contribution formed one by one.

    pip install numpy; python3 relatives.py

authors.py beside this file sets the same numbers against the authors' own functions.
"""
import json
import pathlib

import numpy as np

r = np.random.default_rng(19)
M, d, D, N, T, K = 3, 4, 14, 60, 50, 3
C = M * d
cut = lambda a: a.round(4)
wv, wo = cut(r.normal(0, 0.5, (C, C))), cut(r.normal(0, 0.5, (D, C)))
bv, bo = cut(r.normal(0, 0.3, C)), cut(r.normal(0, 0.3, D))
s = cut(np.maximum(r.normal(0.3, 1, (N, M, C)), 0))
unit = lambda a: a / np.linalg.norm(a, axis=-1, keepdims=True)
texts = unit(np.float32(cut(r.normal(0.2, 1, (T, D)))).astype(float))
u = np.einsum("omk,mkn->mno", wo.reshape(D, M, d), wv.reshape(M, d, C))  # [M,C,D]
parts = s[..., None] * u  # [N,M,C,D]
e = parts.sum((1, 2)) + np.einsum("oc,c->o", wo, bv) + bo


def textspan(data, t, k, rank):
    """replace_with_iterative_removal: the texts, their deviations (of N), and the share of variance held."""
    vh = np.linalg.svd(data, full_matrices=False)[2][:rank]
    t = t @ vh.T @ np.linalg.inv(vh @ vh.T) @ vh
    data = data - data.mean(0)
    total, chosen, deviations, explained = (data ** 2).sum(), [], [], []
    for _ in range(k):
        deviation = (data @ t.T).std(0)
        i = int(deviation.argmax())
        chosen.append(i)
        deviations.append(deviation[i])
        a = t[i] / np.linalg.norm(t[i])
        data = data - np.outer(data @ a, a)
        t = t - np.outer(t @ a, a)
        explained.append(1 - (data ** 2).sum() / total)
    return chosen, deviations, explained


spans = [textspan(parts[:, h].sum(1), texts, 4, d) for h in range(M)]

Q = np.linalg.qr(texts[:K].T)[0].T  # [K,D]


def attribute(c):
    """Mean over the basis of the correlation over images of a component's score with that of the whole. c [N,D]"""
    return np.mean([np.nan_to_num(np.corrcoef(c @ q, e @ q)[0, 1]) for q in Q])


pairs = [attribute(parts[:, h, n]) for h in range(M) for n in range(C)]
neurons = [attribute(parts[:, :, n].sum(1)) for n in range(C)]
heads = [attribute(parts[:, h].sum(1)) for h in range(M)]


def nearest(g, image, k):
    g = g - g.mean(0)
    c = unit(g) @ unit(g)[image]
    c[image] = -9
    order = np.argsort(-c, kind="stable")[:k]
    return order, c[order]


some = [(0, 3), (2, 7), (1, 1), (1, 8)]  # head, neuron
by_head = nearest(parts[:, 1].sum(1), 5, 6)
by_pairs = nearest(sum(parts[:, h, n] for h, n in some), 5, 6)
# the same by the pairs' Gram matrix
δ = np.stack([s[:, h, n] for h, n in some], 1)
δ = δ - δ.mean(0)
G = np.array([[u[a] @ u[b] for b in some] for a in some])
gram = δ @ G @ δ.T
assert np.allclose(by_pairs[1], (gram / np.sqrt(np.outer(gram.diagonal(), gram.diagonal())))[5][by_pairs[0]])

apart = (unit(u) @ (texts[0] - texts[1])).ravel()
strongest = np.argsort(-np.abs(apart), kind="stable")[:6]
labels = [[(int(i), float(cut(r.normal(0, 0.5, 1))[0])) for i in r.choice(8, 3, replace=False)] for _ in range(M * C)]
push = {}
for p in strongest:
    for i, c in labels[p]:
        push[i] = push.get(i, 0) + c * apart[p]
confusing = sorted(((v, i) for i, v in push.items() if v > 0), reverse=True)

centred = parts - parts.mean(0)
norms = np.linalg.norm(centred, axis=-1)
line = np.sort(norms, 0)[-50]
new = cut(np.maximum(r.normal(0.3, 2, (M, C)), 0))  # another picture
own = np.linalg.norm(new[..., None] * u - parts.mean(0), axis=-1)
notable = np.flatnonzero((own > line).ravel())
words = {}
for p in notable:
    signed = (new - s.mean(0)).ravel()[p] * np.linalg.norm(u, axis=-1).ravel()[p]
    for i, c in labels[p]:
        words[i] = words.get(i, 0) + c * signed
discovered = sorted(((v, i) for i, v in words.items()), reverse=True)

plain = lambda a: [float(f"{v:.10g}") for v in np.asarray(a, float).ravel()]
pathlib.Path(__file__).with_name("relatives.json").write_text(json.dumps(dict(
    heads=M, channels=C, embed=D, images=N, value=plain(wv), output=plain(wo), value_bias=plain(bv), output_bias=plain(bo), scalars=plain(s), texts=plain(texts),
    embeddings=plain(e), spans=[dict(texts=c, deviations=plain(v), explained=plain(x)) for c, v, x in spans], property=K, attribute_pairs=plain(pairs),
    attribute_neurons=plain(neurons), attribute_heads=plain(heads), part=some, by_head=by_head[0].tolist(), by_head_cosines=plain(by_head[1]), by_pairs=by_pairs[0].tolist(),
    by_pairs_cosines=plain(by_pairs[1]), apart=strongest.tolist(), apart_products=plain(apart[strongest]), labels=labels,
    confusing=[i for _, i in confusing], confusing_amounts=plain([v for v, _ in confusing]), new=plain(new), notable=notable.tolist(),
    discovered=[i for _, i in discovered], discovered_amounts=plain([v for v, _ in discovered]))) + "\n")
