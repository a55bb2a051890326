"""Segments pictures in PyTorch, from docs/guide/segment.md and docs/design.md alone, scores them with torchmetrics, and compares with facet.

    pip install torch torchmetrics numpy pillow safetensors
    python3 scripts/miou.py bin/facet MODEL.safetensors VOCABULARY WORK

The pictures are scenes of several shapes in the layout of PASCAL Context, which facet reads as any other: JPEG, masks, a list.
The methods are maskclip, cam, surgery, nap, heads and neurons. WORK is a folder to write into.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

from from_docs import Model, normalised, unit

METHODS = ["maskclip", "cam", "surgery", "nap", "heads", "neurons"]
TEMPLATES = ["a photo of a {}.", "a drawing of a {}."]
SCENES, SHORT, PAIRS = 12, 256, 1500
SHAPES = [(192, 192), (192, 150), (140, 192)]  # height, width


def dataset(facet, work):
    """Scenes, cut to shapes, as PASCAL Context has its pictures; 59 classes, of which the scenes have 48."""
    subprocess.run([facet, "scenes", "-n", str(SCENES), "--seed", "19", "--layout", "voc", "-o", str(work / "scenes")], check=True, capture_output=True)
    names = (work / "scenes/context-labels.txt").read_text().split("\n")[1:49]
    names += [f"nothing {i}" for i in range(59 - len(names))]
    for folder in ("JPEGImages", "SegmentationClassContext", "ImageSets/SegmentationContext"):
        (work / "context" / folder).mkdir(parents=True, exist_ok=True)
    ids = [f"{i:07d}" for i in range(SCENES)]
    for i, name in enumerate(ids):
        h, w = SHAPES[i % len(SHAPES)]
        Image.open(work / f"scenes/JPEGImages/{name}.jpg").crop((0, 0, w, h)).save(work / f"context/JPEGImages/{name}.jpg", quality=95)
        Image.open(work / f"scenes/SegmentationContext/{name}.png").crop((0, 0, w, h)).save(work / f"context/SegmentationClassContext/{name}.png")
    (work / "context/ImageSets/SegmentationContext/val.txt").write_text("\n".join(ids) + "\n")
    (work / "classes.txt").write_text("\n".join(names) + "\n")
    (work / "templates.txt").write_text("\n".join(TEMPLATES) + "\n")
    return ids, names


def fill(tokens, h, w):
    """The last token is the mean of its west, north and north-west neighbours. tokens [K,…]"""
    tokens = tokens.copy()
    tokens[-1] = (tokens[-2] + tokens[-1 - w] + tokens[-2 - w]) / 3
    return tokens


class Segmentor:
    def __init__(self, model, names):
        self.m, t = model, model.t
        self.text = np.array([unit(sum(unit(model.text(p.format(n))) for p in TEMPLATES)) for n in names])
        centred = self.text - self.text.mean(0)
        self.centred = centred / np.linalg.norm(centred, axis=1, keepdims=True)
        self.wv, self.bv, self.wo, self.bo = (t[f"visual.attnpool.{k}"] for k in ("v_proj.weight", "v_proj.bias", "c_proj.weight", "c_proj.bias"))
        M = len(self.wv) // 64
        u = np.stack([(self.wo[:, h * 64:(h + 1) * 64] @ self.wv[h * 64:(h + 1) * 64]).T for h in range(M)])
        like = np.einsum("hnd,pd->phn", u / np.linalg.norm(u, axis=2, keepdims=True), self.centred).reshape(len(names), -1)
        self.pairs = np.argsort(-like, axis=1, kind="stable")[:, :PAIRS]

    def logits(self, window):
        """Maps [method][P,K] of a window [S,S,3]."""
        z = self.m.trunk(normalised(window))
        C, h, w = z.shape
        K, d = h * w, 64
        M, P = C // d, len(self.text)
        e, a, *_ = self.m.pool(z)
        z = z.reshape(C, K).T
        x = np.vstack([z.mean(0), z]) + self.m.positions
        v = x @ self.wv.T + self.bv
        cos = lambda y, t: (y / np.linalg.norm(y, axis=-1, keepdims=True)) @ t.T
        out = {"maskclip": cos((z @ self.wv.T + self.bv) @ self.wo.T + self.bo, self.centred).T}
        # cam: what a place brings, its share of the class token, and an even share of what has no place
        wide = np.repeat(a, d, 0)  # [C,K+1], attention of the head that a value is of
        own = wide[:, 1:].T * v[1:] + wide[:, 0] * (z @ self.wv.T) / K + wide[:, 0] * (self.wv @ self.m.positions[0] + self.bv) / K
        out["cam"] = ((own @ self.wo.T + self.bo / K) @ self.text.T / np.linalg.norm(e)).T
        # surgery: attention by values; weights by the fit of a text; less what all share
        y = np.zeros_like(v)
        for k in range(M):
            part = slice(k * d, (k + 1) * d)
            s = v[:, part] @ v[:, part].T / np.sqrt(d)
            s = np.exp(s - s.max(1, keepdims=True))
            y[:, part] = s / s.sum(1, keepdims=True) @ v[:, part]
        weight = np.exp(2 * cos(e, self.text))
        own = weight / weight.mean() * cos(y[1:] @ self.wo.T + self.bo, self.text)
        out["surgery"] = (own - own.mean(1, keepdims=True)).T
        # nap, heads, neurons
        r = np.stack([a[k, 1:, None] * (v[1:, k * d:(k + 1) * d] @ self.wo[:, k * d:(k + 1) * d].T) + self.bo / ((K + 1) * M) for k in range(M)], 1)
        r, filled = fill(r, h, w), fill(z, h, w)
        like = cos(r, self.centred)  # [K,M,P]
        head, neuron = self.pairs // C, self.pairs % C
        for name in ("nap", "heads", "neurons"):
            rows = []
            for c in range(P):
                by_head, by_neuron = like[:, head[c], c], filled[:, neuron[c]]
                rows.append((by_head * by_neuron if name == "nap" else by_head if name == "heads" else by_neuron).mean(1))
            out[name] = np.array(rows)
        return {k: v.reshape(P, h, w) for k, v in out.items()}

    def segment(self, path):
        """Labels [H,W] by method."""
        v = torch.tensor(np.asarray(Image.open(path).convert("RGB")), dtype=torch.float64).permute(2, 0, 1)[None]
        H, W = v.shape[2:]
        scale = SHORT / min(H, W)
        ch, cw = (int(np.floor(s * scale + 0.5)) for s in (H, W))
        canvas = F.interpolate(v, (ch, cw), mode="bilinear", antialias=True).round().clamp(0, 255)[0].permute(1, 2, 0).numpy()
        S, step = self.m.S, self.m.S // 2
        sums, count = {}, torch.zeros(ch, cw, dtype=torch.float64)
        for y in starts(ch, S, step):
            for x in starts(cw, S, step):
                for name, m in self.logits(canvas[y:y + S, x:x + S]).items():
                    up = F.interpolate(torch.tensor(m)[None], (S, S), mode="bilinear", align_corners=False)[0]
                    sums.setdefault(name, torch.zeros(len(up), ch, cw, dtype=torch.float64))[:, y:y + S, x:x + S] += up
                count[y:y + S, x:x + S] += 1
        return {name: F.interpolate((s / count)[None], (H, W), mode="bilinear", align_corners=False)[0].mul(40).softmax(0).argmax(0) for name, s in sums.items()}


def starts(side, window, step):
    """A window at every step; the last one is moved back to end with the picture."""
    out = [x for x in range(0, side - window, step)]
    return [*out, side - window] if not out or out[-1] != side - window else out


def main():
    facet, checkpoint, vocabulary, work = sys.argv[1:]
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    ids, names = dataset(facet, work)
    answer = json.loads(subprocess.run(
        [facet, "evaluate", "segmentation", f"context59:{work / 'context'}", "--model", checkpoint, "--vocab", vocabulary, "--activation", "quickgelu",
         "--method", ",".join(METHODS), "--classes-file", str(work / "classes.txt"), "--templates", str(work / "templates.txt"), "--sink", "published",
         "--short-side", str(SHORT), "--pairs", str(PAIRS), "--json"], check=True, capture_output=True).stdout)
    segmentor = Segmentor(Model(checkpoint, vocabulary), names)
    kinds = dict(num_classes=59, ignore_index=255)
    meters = {m: (MulticlassJaccardIndex(average=None, **kinds), MulticlassAccuracy(average=None, **kinds), MulticlassAccuracy(average="micro", **kinds)) for m in METHODS}
    occurs = {m: torch.zeros(59, dtype=torch.bool) for m in METHODS}
    for name in ids:
        truth = torch.tensor(np.asarray(Image.open(work / f"context/SegmentationClassContext/{name}.png")), dtype=torch.int64)
        truth = torch.where((truth == 0) | (truth == 255), 255, truth - 1)  # label 0 counts for nothing
        for method, labels in segmentor.segment(work / f"context/JPEGImages/{name}.jpg").items():
            for meter in meters[method]:
                meter.update(labels[None], truth[None])
            occurs[method][truth[truth != 255].unique()] = True
            occurs[method][labels[truth != 255].unique()] = True
    failed = False
    print(f"{'method':10} {'mIoU facet':>11} {'torchmetrics':>13} {'largest difference of a class':>30} {'aAcc':>8} {'torchmetrics':>13}")
    for one in answer["methods"]:
        iou, _, micro = (m.compute().numpy() for m in meters[one["method"]])
        there = occurs[one["method"]].numpy()
        classes = np.array([np.nan if c["iou"] is None else c["iou"] for c in one["classes"]])
        both = np.abs(classes - iou)[there]
        failed |= bool((np.isnan(classes) != ~there).any()) or both.max() > 0.003 or abs(one["miou"] - iou[there].mean()) > 0.0003
        print(f"{one['method']:10} {one['miou']:11.5f} {iou[there].mean():13.5f} {both.max():30.5f} {one['aacc']:8.5f} {float(micro):13.5f}")
    sys.exit(failed)


main()
