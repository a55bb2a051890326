"""The attention pool of testdata/tiny with NumPy, for the scripts beside this one. Nothing here is absorbed or factored."""
import json
import pathlib
import struct

import numpy as np

here = pathlib.Path(__file__).parent
root = here.parent.parent / "testdata" / "tiny"


def tensors(path):
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    kinds = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
    return {k: np.frombuffer(data[slice(*v["data_offsets"])], kinds[v["dtype"]]).reshape(v["shape"]).astype(np.float64)
            for k, v in head.items() if k != "__metadata__" and k.startswith("visual.attnpool")}


p = {k.removeprefix("visual.attnpool."): v for k, v in tensors(root / "model.safetensors").items()}
golden = np.load(root / "golden.npz")
x = golden["tokens"].astype(np.float64)  # [I,N,C]
z = x - p["positional_embedding"]
scalars, directions, bias = (golden[k].astype(np.float64) for k in ("scalars", "directions", "bias"))
embedding = golden["embedding"].astype(np.float64)
M = scalars.shape[1]
C, D = directions.shape[1:]
d = C // M


def heads(y):
    """[B,N,C] -> [B,M,N,d]"""
    return y.reshape(*y.shape[:2], M, d).swapaxes(1, 2)


def attend(tokens):
    """The class query's attention [B,M,N]."""
    q = heads(tokens[:, :1] @ p["q_proj.weight"].T + p["q_proj.bias"])
    k = heads(tokens @ p["k_proj.weight"].T + p["k_proj.bias"])
    logits = (q @ k.swapaxes(-1, -2) / np.sqrt(d))[:, :, 0]
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def embed(tokens, a):
    v = heads(tokens @ p["v_proj.weight"].T + p["v_proj.bias"])
    return np.einsum("bmn,bmnd->bmd", a, v).reshape(len(tokens), C) @ p["c_proj.weight"].T + p["c_proj.bias"]


def contributions(tokens, a):
    """Every pair's contribution [B,M,C,D], the biases spread evenly, as published."""
    wv = p["v_proj.weight"].reshape(M, d, C)
    bv = (p["v_proj.bias"].reshape(M, d) / C)[None, :, :, None]
    wo = p["c_proj.weight"].reshape(D, M, d)
    out = []
    for t, one in zip(tokens, a):
        value = np.einsum("nc,mdc->mndc", t, wv) + bv[0][:, None]
        y = np.einsum("mn,mndc->mdc", one, value)
        out.append(np.stack([y[m].T @ wo[:, m].T for m in range(M)]))
    return np.stack(out) + p["c_proj.bias"] / (C * M)


def write(name, **arrays):
    def plain(v):
        v = np.asarray(v)
        return v.tolist() if v.dtype.kind in "iuU" else [float(f"{f:.9g}") for f in v.ravel()]
    (here / name).write_text(json.dumps({k: plain(v) for k, v in arrays.items()}) + "\n")
