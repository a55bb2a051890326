"""Writes cam.json: the parts of a class's logit by place, and of a region's logit by pair, by PyTorch's gradients on the pictures of testdata/tiny; and
bench/attribution/testdata/cam.json: Grad-CAM and HiResCAM by pytorch-grad-cam.

    pip install torch safetensors numpy grad-cam; python3 cam.py

A sum of products is linear in each of them, so a part is a leaf times its gradient. Attention and lengths are held for that, and not for Grad-CAM.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from pytorch_grad_cam import GradCAM, HiResCAM
from safetensors.torch import load_file

here = pathlib.Path(__file__).parent
root = here.parent.parent
torch.set_default_dtype(torch.float64)
golden = {k: torch.tensor(v).double() for k, v in np.load(root / "testdata/tiny/golden.npz").items() if k in ("trunk", "word_embedding", "embedding", "class_text", "seg_pairs", "pair_pc")}
p = {k.removeprefix("visual.attnpool."): v.double() for k, v in load_file(root / "testdata/tiny/model.safetensors").items() if k.startswith("visual.attnpool.")}
texts = golden["word_embedding"][:4]
C, d = p["c_proj.weight"].shape[1], 64
M = C // d
positions = p["positional_embedding"]


def heads(x):  # [N,C] -> [M,N,d]
    return x.reshape(len(x), M, d).transpose(0, 1)


def attention(x):
    """Of the class query, [M,N]."""
    q, k = heads(F.linear(x[:1], p["q_proj.weight"], p["q_proj.bias"])), heads(F.linear(x, p["k_proj.weight"], p["k_proj.bias"]))
    return (q @ k.transpose(1, 2) / d**0.5).softmax(-1)[:, 0]


def pooled(values, a):
    return torch.einsum("mn,mnd->md", a, heads(values)).flatten()


def embedding(z):  # z [K,C], everything depends on it
    x = torch.cat([z.mean(0, keepdim=True), z]) + positions
    return F.linear(pooled(F.linear(x, p["v_proj.weight"], p["v_proj.bias"]), attention(x)), p["c_proj.weight"], p["c_proj.bias"])


def split(z, t):
    """⟨e,t⟩/‖e‖ by place: leaves are every token's own features, positions and biases."""
    K = len(z)
    leaf = lambda v: v.clone().requires_grad_()
    z, place, bias, out = leaf(z), leaf(positions), leaf(p["v_proj.bias"].repeat(K + 1, 1)), leaf(p["c_proj.bias"])
    x = torch.cat([z.mean(0, keepdim=True), z]) + place
    e = F.linear(pooled(F.linear(x, p["v_proj.weight"]) + bias, attention(x).detach()), p["c_proj.weight"]) + out
    (e @ t / e.detach().norm()).backward()
    parts = [(leaf * leaf.grad).detach() for leaf in (z, place, bias, out)]
    placeless = parts[1][0].sum() + parts[2][0].sum() + parts[3].sum()
    return parts[0].sum(1) + (parts[1] + parts[2])[1:].sum(1) + placeless / K


trunks = golden["trunk"].flatten(2).transpose(1, 2)  # [I,K,C]
assert torch.allclose(embedding(trunks[0]), golden["embedding"][0], rtol=1e-4, atol=1e-5)
cam = torch.stack([torch.stack([split(z, t) for t in texts]) for z in trunks])  # [I,Q,K]

# NAP with a gate for every pair: the mean logit over a region of the window of 64×64 pixels, columns 10…49 and rows 5…39. The gradient of a gate is its part.
k = golden["seg_pairs"].shape[1]
why = []
for z in trunks[:2]:
    K, side = len(z), int(len(z) ** 0.5)
    x = torch.cat([z.mean(0, keepdim=True), z]) + positions
    values = torch.einsum("mn,mnd->nmd", attention(x), heads(F.linear(x, p["v_proj.weight"], p["v_proj.bias"])))
    r = torch.einsum("nmd,omd->nmo", values, p["c_proj.weight"].reshape(-1, M, d)) + p["c_proj.bias"] / ((K + 1) * M)
    r, z = r[1:].clone(), z.clone()
    for y in (r, z):
        y[-1] = (y[-2] + y[-1 - side] + y[-2 - side]) / 3
    gates = torch.zeros(4, M, C)
    for q, some in enumerate(golden["seg_pairs"].long()):
        gates[q].view(-1)[some] = 1 / k
    gates.requires_grad_()
    similar = torch.einsum("kmo,qo->qkm", r / r.norm(dim=-1, keepdim=True), golden["class_text"])
    logits = torch.einsum("qmc,kc,qkm->qk", gates, z, similar).reshape(1, 4, side, side)
    region = F.interpolate(logits, (64, 64), mode="bilinear", align_corners=False)[0, :, 5:40, 10:50]
    best = int(region.argmax(0).flatten().bincount().argmax())  # the class of most pixels
    region = region.mean((1, 2))
    region[best].backward()
    parts = (gates * gates.grad)[best].detach().flatten()
    top = parts.argsort(descending=True)[:20]
    why.append(dict(query=best, logit=float(region[best].detach()), pairs=top.tolist(), parts=parts[top].tolist(), sum=float(parts.sum())))


def plain(v):
    return [float(f"{x:.8g}") for x in torch.as_tensor(v).flatten().tolist()]


(here / "cam.json").write_text(json.dumps(dict(cam=plain(cam), why=why)) + "\n")


class Tower(torch.nn.Module):
    """The pool after the trunk, whose output is the layer that Grad-CAM asks about; the answer is the logits of the texts, τ = 10."""

    def __init__(self):
        super().__init__()
        self.last = torch.nn.Identity()
        self.scale = torch.nn.Parameter(torch.tensor(10.0))

    def forward(self, z):  # [1,C,h,w]
        e = embedding(self.last(z)[0].flatten(1).T)
        return self.scale * (texts @ e / e.norm())[None]


class Chosen:
    def __init__(self, q):
        self.q = q

    def __call__(self, out):
        return out[..., self.q]


out = {}
for name, kind in (("grad_cam", GradCAM), ("hires_cam", HiResCAM)):
    tower = Tower()
    maker = kind(model=tower, target_layers=[tower.last])
    maps = []
    for z in golden["trunk"]:
        for q in range(4):
            maker.activations_and_grads.gradients = []
            tower.zero_grad()
            logits = maker.activations_and_grads(z[None].requires_grad_())
            Chosen(q)(logits[0]).backward()
            activations, grads = maker.activations_and_grads.activations[0].cpu().data.numpy(), maker.activations_and_grads.gradients[0].cpu().data.numpy()
            raw = maker.get_cam_image(z[None], tower.last, [Chosen(q)], activations, grads, False)
            maps.append(np.maximum(raw, 0).ravel())
    out[name] = plain(np.concatenate(maps))
folder = root / "bench/attribution/testdata"
folder.mkdir(exist_ok=True)
(folder / "cam.json").write_text(json.dumps(out) + "\n")
