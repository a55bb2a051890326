"""Sets relatives.json against the authors' own functions, taken out of checkouts of their repositories.

    pip install torch numpy; python3 authors.py CLIP_PRS VIT_DECOMPOSE

CLIP_PRS is github.com/yossigandelsman/clip_prs, VIT_DECOMPOSE github.com/SriramB-98/vit-decompose.
"""
import ast
import json
import pathlib
import sys
import types

import numpy as np
import torch


def function(path, *names, **room):
    tree = ast.parse(pathlib.Path(path).read_text())
    tree.body = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in names]
    exec(compile(tree, str(path), "exec"), room)
    return room[names[0]]


einops = types.SimpleNamespace(repeat=lambda x, _, C: x.repeat(C, 1))
textspan = function(f"{sys.argv[1]}/compute_complete_text_set.py", "replace_with_iterative_removal", torch=torch, np=np, einops=einops)
attributed = function(f"{sys.argv[2]}/helpers/decompose_utils.py", "variance_attributed", torch=torch)

g = json.loads(pathlib.Path(__file__).with_name("relatives.json").read_text())
M, C, D, N = g["heads"], g["channels"], g["embed"], g["images"]
d = C // M
array = lambda k, *shape: np.array(g[k]).reshape(shape)
s, texts = array("scalars", N, M, C), array("texts", -1, D)
u = np.einsum("omk,mkn->mno", array("output", D, M, d), array("value", M, d, C))
parts = s[..., None] * u
worst = 0
for h, want in enumerate(g["spans"]):
    _, chosen = textspan(parts[:, h].sum(1), texts, [str(i) for i in range(len(texts))], len(want["texts"]), d, "cpu")
    assert [int(c) for c in chosen] == want["texts"], (h, chosen, want["texts"])
print("TextSpan: the same texts in the same order for every head")
rest = (array("embeddings", N, D) - parts.sum((1, 2)))[None]  # the bias is a component too, so that the sum is the embedding
for name, c in (("pairs", parts.reshape(N, M * C, D).swapaxes(0, 1)), ("neurons", parts.sum(1).swapaxes(0, 1)), ("heads", parts.sum(2).swapaxes(0, 1))):
    other = parts.sum((1, 2))[None] - c.sum(0, keepdims=True)
    got = attributed(torch.tensor(np.concatenate([c, other, rest])), torch.tensor(texts[:g["property"]])).numpy()[:len(c)]
    print(f"CompAttribute of {name}: largest difference {np.nanmax(np.abs(got * N / (N - 1) - np.array(g['attribute_' + name]))):.1e} of theirs times N/(N-1)")
