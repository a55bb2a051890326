"""The peers of bench/encode, in PyTorch: the plain image tower of a CLIP-ResNet, as published.

    python3 bench/peer.py CHECKPOINT.safetensors export FILE.onnx     the plain tower as ONNX, by PyTorch's own exporter
    python3 bench/peer.py CHECKPOINT.safetensors serve                times forward passes on request

`serve` reads lines from stdin, "plain B" (the tower, B pictures), "pairs B" or "store B" (the tower and the published per-pair
contributions of the research code, formed as [M,D,C] for each image), and answers each with the seconds it took and a checksum.
Pictures are those of PICTURES: a fixed wave, the same as bench/encode makes.
"""
import json
import os
import struct
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def read_safetensors(path):
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(n))
        data = f.read()
    kinds = {"F16": np.float16, "F32": np.float32}
    return {k: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], kinds[t["dtype"]]).reshape(t["shape"]).astype(np.float32))
            for k, t in header.items() if k != "__metadata__"}


class Tower(nn.Module):
    """ModifiedResNet and attention pool, keys and values projected for every token."""

    def __init__(self, weights):
        super().__init__()
        for k, v in weights.items():
            if k.startswith("visual."):
                self.register_buffer(k[7:].replace(".", "__"), v)
        self.names = {k[7:] for k in weights if k.startswith("visual.")}
        self.blocks = [len({n.split(".")[1] for n in self.names if n.startswith(f"layer{i}.")}) for i in (1, 2, 3, 4)]
        self.channels = int(self.w("attnpool.q_proj.weight").shape[0])
        self.heads = self.channels // 64
        self.tokens = int(self.w("attnpool.positional_embedding").shape[0])

    def w(self, name):
        return getattr(self, name.replace(".", "__"))

    def conv(self, x, conv, bn, stride=1):
        w = self.w(conv + ".weight")
        x = F.conv2d(x, w, stride=stride, padding=int(w.shape[-1]) // 2)
        return F.batch_norm(x, self.w(bn + ".running_mean"), self.w(bn + ".running_var"), self.w(bn + ".weight"), self.w(bn + ".bias"))

    def trunk(self, x):
        for i in (1, 2, 3):
            x = F.relu(self.conv(x, f"conv{i}", f"bn{i}", 2 if i == 1 else 1))
        x = F.avg_pool2d(x, 2)
        for layer, n in enumerate(self.blocks, 1):
            for i in range(n):
                p, pooled = f"layer{layer}.{i}.", layer > 1 and i == 0
                y = F.relu(self.conv(x, p + "conv1", p + "bn1"))
                y = F.relu(self.conv(y, p + "conv2", p + "bn2"))
                if pooled:
                    x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
                y = self.conv(y, p + "conv3", p + "bn3")
                if p + "downsample.0.weight" in self.names:
                    x = self.conv(x, p + "downsample.0", p + "downsample.1")
                x = F.relu(x + y)
        return x

    def linear(self, x, name):
        return F.linear(x, self.w(name + ".weight"), self.w(name + ".bias"))

    def attend(self, x):
        z = self.trunk(x).flatten(2).transpose(1, 2)
        x = torch.cat([z.mean(1, keepdim=True), z], 1) + self.w("attnpool.positional_embedding")
        N, C, M = self.tokens, self.channels, self.heads
        q = self.linear(x[:, :1], "attnpool.q_proj").view(-1, 1, M, C // M).transpose(1, 2)
        k = self.linear(x, "attnpool.k_proj").view(-1, N, M, C // M).transpose(1, 2)
        return x, torch.softmax(q @ k.transpose(-1, -2) / (C // M) ** 0.5, -1)

    def forward(self, pixels):
        x, a = self.attend(pixels)
        v = self.linear(x, "attnpool.v_proj").view(-1, self.tokens, self.heads, 64).transpose(1, 2)
        return self.linear((a @ v).transpose(1, 2).reshape(-1, self.channels), "attnpool.c_proj")

    def pairs(self, pixels, folder=None):
        """Every pair's contribution [M,D,C] of every image, by the published formula, stored when there is a folder; returns the embeddings."""
        x, a = self.attend(pixels)
        B, N, C = x.shape
        M, d = self.heads, C // self.heads
        wv, bv = self.w("attnpool.v_proj.weight").view(M, d, C), self.w("attnpool.v_proj.bias").view(M, d, 1)
        wo, bo = self.w("attnpool.c_proj.weight"), self.w("attnpool.c_proj.bias")
        out = []
        for b in range(B):
            value = torch.einsum("nc,mdc->mndc", x[b], wv) + (bv / C)[:, None]
            y = torch.einsum("mn,mndc->mdc", a[b, :, 0], value)
            r = torch.einsum("mdc,omd->moc", y, wo.view(-1, M, d)) + (bo / (C * M))[None, :, None]
            if folder is not None:
                r.numpy().tofile(os.path.join(folder, "contributions"))
            out.append(r.sum((0, 2)))
        return torch.stack(out)


def pictures(batch, size):
    n = torch.arange(batch * 3 * size * size, dtype=torch.float64)
    return torch.sin(n * 0.37 + torch.sin(n * 0.011) * 3).float().view(batch, 3, size, size)


@torch.no_grad()
def main(path, verb, *rest):
    weights = read_safetensors(path)
    size = int((weights["visual.attnpool.positional_embedding"].shape[0] - 1) ** 0.5) * 32
    tower = Tower(weights).eval()
    if verb == "export":
        torch.onnx.export(tower, pictures(2, size), rest[0], input_names=["pixels"], output_names=["embedding"],
                          dynamic_axes={"pixels": {0: "batch"}, "embedding": {0: "batch"}}, opset_version=17)
        return
    torch.set_num_threads(int(rest[0]) if rest else torch.get_num_threads())
    print("ready", flush=True)
    for line in sys.stdin:
        what, batch = line.split()
        x = pictures(int(batch), size)
        started = time.perf_counter()
        if what == "plain":
            y = tower(x)
        else:
            y = tower.pairs(x, os.path.dirname(path) if what == "store" else None)
        print(time.perf_counter() - started, float(y.abs().sum()), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
