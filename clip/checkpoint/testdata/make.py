"""Makes this folder: toy checkpoints of a few numbers in every form that PyTorch writes, and expected.json,
which holds what PyTorch itself reads in them.

    python3 make.py        # PyTorch 1.13 or later

expected.json: file -> {format, naming, tensors: canonical name -> {source, dtype, shape, bits}}, where bits are
the numbers as float32, row-major, as unsigned integers.
"""
import json
import os
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
expected = {}


def expect(path, fmt, naming, tensors, source=lambda name: name):
    expected[path] = {"format": fmt, "naming": naming, "tensors": {
        name: {"source": source(name), "dtype": str(t.dtype).replace("torch.", ""), "shape": list(t.shape),
               "bits": t.detach().float().contiguous().reshape(-1).numpy().view(np.uint32).tolist()}
        for name, t in tensors.items()}}


def rewrite(path, change=lambda name, data: (name, data), extra=(), method=zipfile.ZIP_STORED):
    """Copies a zip archive entry by entry through change."""
    entries = [(i.filename, zipfile.ZipFile(path).read(i)) for i in zipfile.ZipFile(path).infolist()]
    with zipfile.ZipFile(path, "w", method) as z:
        for name, data in [change(*e) for e in entries] + list(extra):
            z.writestr(zipfile.ZipInfo(name), data, compress_type=method)


class Pool(nn.Module):
    def __init__(self):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(2, 4))
        self.q_proj = nn.Linear(4, 4)
        self.c_proj = nn.Linear(4, 2)

    def forward(self, x):
        return self.c_proj(self.q_proj(x + self.positional_embedding))


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(nn.Sequential(OrderedDict([
            ("conv2", nn.Conv2d(4, 4, 1, bias=False)), ("bn3", nn.BatchNorm2d(4)),
            ("downsample", nn.Sequential(OrderedDict([("-1", nn.Identity()), ("0", nn.Conv2d(4, 4, 1, bias=False)), ("1", nn.BatchNorm2d(4))])))])))
        self.attnpool = Pool()

    def forward(self, x):
        z = self.layer1(self.bn1(self.conv1(x))).flatten(2).transpose(1, 2)
        return self.attnpool(z)


class Toy(nn.Module):
    def __init__(self, sizes=True):
        super().__init__()
        self.visual = Tower()
        self.token_embedding = nn.Embedding(3, 4)
        self.logit_scale = nn.Parameter(torch.tensor(4.6052))
        if sizes:
            for name, value in (("input_resolution", 224), ("context_length", 77), ("vocab_size", 49408)):
                self.register_buffer(name, torch.tensor(value))

    def forward(self, x, ids):
        return self.visual(x).mean() * self.logit_scale.exp() + self.token_embedding(ids).mean()


def torchscript():
    """As OpenAI's: fp16 weights, storages on cuda:0, a top folder of any name."""
    model = Toy().eval()
    script = torch.jit.trace(model, (torch.zeros(1, 3, 1, 2), torch.ones(1, 2, dtype=torch.long)), check_trace=False)
    for name, p in script.named_parameters():
        if "conv" in name or "proj" in name:
            p.data = p.data.half()
    script.save("jit.pt")
    cpu, gpu = (b"X" + struct.pack("<I", len(s)) + s for s in (b"cpu", b"cuda:0"))

    def move(name, data):
        name = "any top folder/" + name.split("/", 1)[1]
        if name.endswith("/data.pkl"):
            assert data.count(cpu) == 1  # the others refer to it
            data = data.replace(cpu, gpu)
        return name, data
    rewrite("jit.pt", move)
    zipfile.ZipFile("jit.pt").testzip()
    expect("jit.pt", "torchscript", "openai", dict(script.state_dict()))


def state_dicts():
    state = Toy().state_dict()  # an OrderedDict with _metadata
    torch.save(state, "state.pt")
    expect("state.pt", "torch", "openai", state)
    torch.save(dict(state), "protocol4.pt", pickle_protocol=4)
    expect("protocol4.pt", "torch", "openai", state)
    torch.save(state, "zip64.pt")
    zipfile.ZIP64_LIMIT, limit = 0, zipfile.ZIP64_LIMIT  # every size and offset in 64 bits
    rewrite("zip64.pt", extra=[("zip64/byteorder", b"little")])
    zipfile.ZIP64_LIMIT = limit
    expect("zip64.pt", "torch", "openai", state)


def open_clip():
    """A training checkpoint: module. in front, the optimizer's and the scaler's state beside it."""
    model = Toy(sizes=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model(torch.randn(2, 3, 1, 2), torch.ones(2, 2, dtype=torch.long)).backward()
    optimizer.step()
    scaler = {"scale": 65536.0, "growth_factor": 2.0, "growth_interval": 2000, "_growth_tracker": 0}
    state = OrderedDict(("module." + k, v) for k, v in model.state_dict().items())
    torch.save({"epoch": 32, "name": "toy", "state_dict": state, "optimizer": optimizer.state_dict(), "scaler": scaler}, "open_clip.pt")
    expect("open_clip.pt", "torch", "open_clip", model.state_dict(), lambda name: "module." + name)


def views():
    """Shared storages, offsets, strides, every number type, a Parameter, values that are not tensors."""
    base = torch.arange(24.) / 7
    half = torch.tensor([0., -0., 1., -2., 65504., 6e-8, 3.05e-5, 6.1e-5, float("inf"), -float("inf"), 0.1], dtype=torch.float16)
    state = {
        "visual.whole": base, "visual.transposed": base.view(4, 6).t(), "visual.offset": base[5:9], "visual.scalar": base[23],
        "visual.stepped": base.view(4, 6)[1::2, ::3], "visual.permuted": base.view(2, 3, 4).permute(2, 0, 1),
        "visual.channels_last": torch.randn(2, 3, 2, 2).contiguous(memory_format=torch.channels_last),
        "visual.empty": torch.zeros(0, 3), "visual.ones": base.view(1, 4, 1, 6)[:, 1:3],
        "visual.parameter": nn.Parameter(torch.randn(3)),
        "half": half, "bfloat": torch.randn(2, 3).bfloat16(), "bfloat.t": torch.randn(3, 2).bfloat16().t(), "double": torch.randn(3).double(),
        "int64": torch.tensor([-(2 ** 40), 2 ** 24 + 1]), "int32": torch.tensor([-5, 7], dtype=torch.int32),
        "int16": torch.tensor([-300, 300], dtype=torch.int16), "int8": torch.tensor([-128, 127], dtype=torch.int8),
        "uint8": torch.tensor([0, 255], dtype=torch.uint8), "bool": torch.tensor([True, False]),
    }
    other = {"note": "not a tensor", "list": [1, 2.5, None, -3, 2 ** 40, (True, False)], 7: torch.zeros(1)}
    torch.save({**state, **other}, "views.pt")
    expect("views.pt", "torch", "open_clip", state)


def timm_names():
    pairs = {
        "stem.conv1.conv.weight": "conv1.weight", "stem.conv1.bn.weight": "bn1.weight", "stem.conv3.bn.running_var": "bn3.running_var",
        "stages.0.0.conv1_1x1.conv.weight": "layer1.0.conv1.weight", "stages.0.0.conv2_kxk.bn.bias": "layer1.0.bn2.bias",
        "stages.2.22.conv3_1x1.conv.weight": "layer3.22.conv3.weight", "stages.3.0.conv3_1x1.bn.running_mean": "layer4.0.bn3.running_mean",
        "stages.1.0.shortcut.conv.conv.weight": "layer2.0.downsample.0.weight", "stages.1.0.shortcut.conv.bn.bias": "layer2.0.downsample.1.bias",
        "head.pos_embed": "attnpool.positional_embedding", "head.q.weight": "attnpool.q_proj.weight", "head.k.bias": "attnpool.k_proj.bias",
        "head.v.weight": "attnpool.v_proj.weight", "head.proj.weight": "attnpool.c_proj.weight", "head.proj.bias": "attnpool.c_proj.bias",
    }
    state = {k: torch.randn(2, 3) for k in pairs}
    canonical = {"visual." + v: state[k] for k, v in pairs.items()}
    back = {"visual." + v: k for k, v in pairs.items()}
    torch.save(state, "timm.pt")
    expect("timm.pt", "torch", "timm", canonical, back.get)
    safetensors(state, "timm.safetensors")
    expect("timm.safetensors", "safetensors", "timm", canonical, back.get)
    text = {"text.token_embedding.weight": torch.randn(2, 2), "text.ln_final.bias": torch.randn(2), "logit_scale": torch.tensor(1.5)}
    safetensors({**{"visual.trunk." + k: v for k, v in state.items()}, **text}, "trunk.safetensors")
    text = {k.replace("text.", "", 1): v for k, v in text.items()}
    expect("trunk.safetensors", "safetensors", "timm", {**canonical, **text},
           lambda n: "visual.trunk." + back[n] if n in back else n if n == "logit_scale" else "text." + n)


def safetensors(state, path):
    kinds = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.bool: "BOOL"}
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for k, v in state.items():
        v = v.contiguous()
        raw = (v.view(torch.int16) if v.dtype == torch.bfloat16 else v).numpy().tobytes()
        header[k] = {"dtype": kinds[v.dtype], "shape": list(v.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + body)


def plain_safetensors():
    state = {"visual.conv1.weight": torch.randn(2, 3, 1, 1).half(), "visual.bf": torch.randn(3, 2).bfloat16(), "visual.f": torch.randn(2),
             "visual.flag": torch.tensor(True), "visual.odd": torch.randn(3), "visual.n": torch.tensor([2, -3]), "visual.none": torch.zeros(0, 2), "logit_scale": torch.tensor(4.6)}
    safetensors(state, "model.safetensors")
    expect("model.safetensors", "safetensors", "open_clip", state)


class Evil:
    def __reduce__(self):
        return os.system, ("touch facet-was-here",)


def refused():
    state = {"visual.conv1.weight": torch.randn(2, 3)}
    torch.save(state, "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({**state, "x": Evil()}, "evil.pt")
    torch.save(nn.Linear(1, 1), "whole-module.pt")
    torch.save({"state_dict": state, "best": np.float64(0.5)}, "numpy.pt")
    torch.save(state, "big-endian.pt")
    rewrite("big-endian.pt", extra=[("big-endian/byteorder", b"big")])
    torch.save(state, "compressed.pt")
    rewrite("compressed.pt", method=zipfile.ZIP_DEFLATED)
    torch.save([torch.randn(2)], "list.pt")
    torch.save({"model": state}, "nested.pt")


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    torchscript()
    state_dicts()
    open_clip()
    views()
    timm_names()
    plain_safetensors()
    refused()
    with open("expected.json", "w") as f:
        json.dump(expected, f, separators=(",", ":"))
        f.write("\n")
