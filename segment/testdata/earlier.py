"""Writes earlier.json: maps of the published segmentor from earlier blocks (conv_map_idx and sim_map_idx), with NumPy on testdata/tiny.

    pip install numpy; python3 earlier.py

tiny has one block in its last stage, so the trunk's outputs of two pictures stand for two blocks: block 0 is picture i+1's, block 1 picture i's.
"""
import json
import pathlib
import sys

import numpy as np

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "experiment" / "testdata"))
from tiny import C, D, M, attend, d, golden, heads, p, z  # noqa: E402

SIDE, SEEN = 2, 6
text, chosen = golden["class_text"].astype(float), golden["seg_pairs"].reshape(4, -1)


def fill(tokens):
    """interpolate_sink on [B,N,...]."""
    tokens = tokens.copy()
    tokens[:, -1] = (tokens[:, -2] + tokens[:, -(SIDE + 1)] + tokens[:, -(SIDE + 2)]) / 3
    return tokens


def maps(neurons, attended):
    """NAP of block outputs [B,1+K,C], the class token first: activations of one block, cosines of another."""
    x = attended + p["positional_embedding"]
    v = heads(x @ p["v_proj.weight"].T + p["v_proj.bias"])  # [B,M,N,d]
    r = np.einsum("bmn,bmnd,omd->bnmo", attend(x), v, p["c_proj.weight"].reshape(D, M, d)) + p["c_proj.bias"] / (M * x.shape[1])
    r = fill(r)
    r /= np.linalg.norm(r, axis=-1, keepdims=True)
    cos, fired = np.einsum("bnmo,po->bpnm", r, text), fill(neurons)
    out = [(cos[:, q][:, :, chosen[q] // C] * fired[:, :, chosen[q] % C]).mean(-1) for q in range(len(text))]
    return np.stack(out, 1)[:, :, 1:]  # [B,P,K]


blocks = [np.roll(z[:SEEN], -1, axis=0), z[:SEEN]]
cases = [dict(neurons=n, heads=h, logits=[float(f"{v:.8g}") for v in maps(blocks[1 - n], blocks[1 - h]).ravel()]) for n, h in ((0, 0), (1, 0), (0, 1), (1, 1))]
assert np.allclose(np.array(cases[0]["logits"]), golden["seg_logits"][:SEEN].ravel(), atol=1e-6)
(here / "earlier.json").write_text(json.dumps(cases) + "\n")
