"""Makes the folder training: toy checkpoints as trainers leave them, and expected.json, which holds what PyTorch itself reads in them.

    python3 make_training.py        # PyTorch 2.6 or later, numpy, pytorch_lightning

Of expected.json see make.py; weights and others are which set of weights is taken and which are left.
"""
import argparse
import collections
import copy
import datetime
import decimal
import enum
import fractions
import json
import os
import pathlib
import random
import uuid

import numpy as np
import pytorch_lightning as lightning
import torch
from torch import nn

import make

EXPECTED = {}


def expect(path, naming, tensors, source=lambda name: name, weights="", others=(), fmt="torch"):
    make.expected = {}
    make.expect(path, fmt, naming, tensors, source)
    EXPECTED[path] = {**make.expected[path], "weights": weights, "others": list(others)}


def state(seed=0, sizes=False):
    torch.manual_seed(seed)
    return make.Toy(sizes=sizes).state_dict()


def wrapped():
    torch.manual_seed(1)
    toy = make.Toy(sizes=False)
    plain = toy.state_dict()
    compiled = torch.compile(copy.deepcopy(toy))
    torch.save(compiled.state_dict(), "compiled.pt")
    expect("compiled.pt", "open_clip", plain, lambda n: "_orig_mod." + n)
    torch.save(nn.DataParallel(compiled).state_dict(), "compiled-parallel.pt")
    expect("compiled-parallel.pt", "open_clip", plain, lambda n: "module._orig_mod." + n)
    inner = copy.deepcopy(toy)
    inner.visual = torch.compile(inner.visual)  # a tower alone
    torch.save({"model": nn.DataParallel(inner).state_dict()}, "compiled-tower.pt")
    expect("compiled-tower.pt", "open_clip", plain, lambda n: "module." + n.replace("visual.", "visual._orig_mod.", 1))
    make.safetensors({"_orig_mod.module.clip." + k: v for k, v in plain.items()}, "compiled.safetensors")
    expect("compiled.safetensors", "open_clip", plain, lambda n: "_orig_mod.module.clip." + n, fmt="safetensors")


class Task(lightning.LightningModule):
    def __init__(self, model, **settings):
        super().__init__()
        self.save_hyperparameters(settings)
        self.model = model
        self.scale = nn.Parameter(torch.ones(1))

    def training_step(self, batch, _):
        x, ids = batch
        return self.model(x, ids) * self.scale.sum()

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]

    def train_dataloader(self):
        data = [(torch.randn(3, 1, 2), torch.ones(2, dtype=torch.long)) for _ in range(4)]
        return torch.utils.data.DataLoader(data, batch_size=2)


def by_lightning():
    torch.manual_seed(2)
    for name, model, prefix in (("lightning.ckpt", make.Toy(sizes=False), "model."),
                                ("lightning-compiled.ckpt", torch.compile(make.Toy(sizes=False)), "model._orig_mod.")):
        model.forward = getattr(model, "_orig_mod", model).forward
        task = Task(model, root=pathlib.Path("/data"), lr=np.float64(1e-3), started=datetime.datetime(2026, 1, 2), args=argparse.Namespace(epochs=3))
        trainer = lightning.Trainer(max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
                                    enable_model_summary=False, accelerator="cpu")
        trainer.fit(task)
        trainer.save_checkpoint(name)
        read = torch.load(name, weights_only=False)["state_dict"]
        plain = {k[len(prefix):]: v for k, v in read.items() if k.startswith(prefix)}
        tensors = {**plain, "scale": read["scale"]}
        expect(name, "open_clip", tensors, lambda n, p=prefix, known=plain: p + n if n in known else n)


def nested():
    s = state(3)
    for key in ("model", "model_state_dict", "module"):
        torch.save({key: s, "epoch": 3}, f"under-{key}.pt")
        expect(f"under-{key}.pt", "open_clip", s)
    torch.save({"checkpoint": {"weights": s}}, "under-two.pt")
    expect("under-two.pt", "open_clip", s)
    torch.save(collections.defaultdict(None, model=collections.defaultdict(None, s)), "under-defaultdict.pt")
    expect("under-defaultdict.pt", "open_clip", s)


class Colour(enum.Enum):
    RED = 1


class Settings(dict):
    """A class of the trainer's own, used like a dict."""


class Schedule:
    """A class of the trainer's own."""

    def __init__(self):
        self.milestones = [1, 2]


def beside():
    s = state(4)
    settings = Settings(lr=0.1)
    settings.note = "an attribute"
    random.seed(0)
    values = {
        "args": argparse.Namespace(lr=1e-3, path=pathlib.PurePosixPath("/a"), inner=argparse.Namespace(x=1)), "best": np.float64(0.5), "step": np.int64(7),
        "flag": np.bool_(True), "history": np.arange(6.).reshape(2, 3), "names": np.array(["a", "b"]), "dtype": np.dtype("f4"),
        "numpy_random": np.random.RandomState(0).get_state(), "generator": np.random.default_rng(0), "python_random": random.getstate(),
        "torch_random": torch.get_rng_state(), "when": datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), "day": datetime.date(2026, 1, 2),
        "took": datetime.timedelta(seconds=3), "path": pathlib.Path("/data"), "counts": collections.Counter("abca"), "queue": collections.deque([1, 2]),
        "default": collections.defaultdict(list, a=[1]), "ordered": collections.OrderedDict(a=1), "set": {1, 2}, "frozen": frozenset({3}),
        "big": 2 ** 200, "negative": -(2 ** 70), "bytes": b"abc", "bytearray": bytearray(b"abc"), "complex": 1 + 2j, "slice": slice(1, 2), "range": range(3),
        "colour": Colour.RED, "decimal": decimal.Decimal("1.5"), "fraction": fractions.Fraction(1, 3), "uuid": uuid.UUID(int=1), "settings": settings,
        "schedule": Schedule(), "device": torch.device("cpu"), "type": torch.float16, "size": torch.Size([2, 3]), "class": nn.Linear, "module": nn.Linear(1, 1),
        "sparse": torch.eye(2).to_sparse(), "quantised": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "complex_tensor": torch.ones(2, dtype=torch.complex64),
        "float8": torch.ones(2).to(torch.float8_e4m3fn), "uint16": torch.ones(2, dtype=torch.uint16),
    }
    for protocol in (2, 3, 4, 5):
        torch.save({"before": values, "state_dict": s, **values}, f"beside-{protocol}.pt", pickle_protocol=protocol)
        expect(f"beside-{protocol}.pt", "open_clip", s)


def tensors_of_kinds():
    s = state(5)
    parameter = nn.Parameter(s["visual.conv1.weight"])
    parameter.note = "an attribute"  # rebuilt with its state
    s["visual.conv1.weight"] = parameter
    torch.save(s, "attributes.pt")
    expect("attributes.pt", "open_clip", s)
    for name, value in (("sparse", torch.eye(4).to_sparse()), ("quantised", torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8)),
                        ("float8", torch.ones(4).to(torch.float8_e4m3fn)), ("complex", torch.ones(4, dtype=torch.complex64))):
        torch.save({**state(5), "visual.bn1.weight": value}, f"{name}.pt")
    torch.save(make.Toy(sizes=False), "whole.pt")
    torch.save({"model": make.Toy(sizes=False)}, "whole-under-model.pt")
    torch.save({k: v.numpy() for k, v in state(5).items()}, "arrays.pt")


def averages():
    a, b = state(6), state(7)
    for first, second in (("state_dict", "state_dict_ema"), ("model", "model_ema"), ("model", "ema"), ("params", "params_ema")):
        torch.save({second: b, first: a, "epoch": 1}, f"{first}-{second}.pt")
        expect(f"{first}-{second}.pt", "open_clip", a, weights=first, others=[second])
    torch.save({"ema_state_dict": b, "epoch": 1}, "average-alone.pt")
    expect("average-alone.pt", "open_clip", b)
    both = {**{"ema_model.module." + k: v for k, v in b.items()}, **{"model." + k: v for k, v in a.items()}}
    torch.save({"state_dict": both}, "average-by-name.pt")
    left = {"ema_model." + k: v for k, v in b.items()}
    expect("average-by-name.pt", "open_clip", {**left, **a}, lambda n: n.replace("ema_model.", "ema_model.module.") if n in left else "model." + n,
           weights="model.*", others=["ema_model.*"])
    averaged = torch.optim.swa_utils.AveragedModel(make.Toy(sizes=False))
    torch.save(averaged.state_dict(), "swa.pt")
    plain = averaged.state_dict()
    expect("swa.pt", "open_clip", {k.removeprefix("module."): v for k, v in plain.items()}, lambda n: n if n == "n_averaged" else "module." + n)


def custom_text():
    s = state(8)
    text = {k for k in s if not k.startswith(("visual.", "logit_scale"))}
    names = {("text." + k if k in text else k): v for k, v in s.items()}
    torch.save({"state_dict": {"module." + k: v for k, v in names.items()}}, "custom-text.pt")
    expect("custom-text.pt", "open_clip", s, lambda n: "module.text." + n if n in text else "module." + n)
    make.safetensors(names, "custom-text.safetensors")
    expect("custom-text.safetensors", "open_clip", s, lambda n: "text." + n if n in text else n, fmt="safetensors")


def shards():
    s = {"model." + k: v for k, v in state(9).items()}
    names = list(s)
    halves = [names[::2], names[1::2]]
    for kind, stem in (("safetensors", "model"), ("bin", "pytorch_model")):
        files = [f"{stem}-0000{i + 1}-of-00002.{kind}" for i in range(2)]
        for file, half in zip(files, halves):
            part = {k: s[k] for k in half}
            make.safetensors(part, file) if kind == "safetensors" else torch.save(part, file)
        where = {k: f for f, half in zip(files, halves) for k in half}
        index = f"{stem}.{kind}.index.json"
        with open(index, "w") as f:
            json.dump({"metadata": {"total_size": sum(v.nbytes for v in s.values())}, "weight_map": where}, f, indent=2)
        expect(index, "open_clip", {k.removeprefix("model."): v for k, v in s.items()}, lambda n: "model." + n, fmt="safetensors" if kind == "safetensors" else "torch")


if __name__ == "__main__":
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "training"))
    for step in (wrapped, by_lightning, nested, beside, tensors_of_kinds, averages, custom_text, shards):
        step()
    with open("expected.json", "w") as f:
        json.dump(EXPECTED, f, separators=(",", ":"))
        f.write("\n")
