"""Computes embeddings, logits and pairs from a checkpoint, from docs/design.md alone, and compares them with facet.

    pip install numpy pillow safetensors
    python3 scripts/from_docs.py bin/facet MODEL.safetensors VOCABULARY PICTURE…

NumPy in float64, nothing absorbed or folded, no code of facet's or of another CLIP. Pillow opens the pictures and does nothing else.
"""
import gzip
import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

TEXTS = ["a cat", "a photo of a Red car.", "Tea &amp; two   biscuits, it's 42!", "an orange butterfly on grass", ""]
LABELS = ["cat", "red car", "butterfly"]
TEMPLATES = ["a photo of a {}.", "a drawing of a {}."]


# The picture
def keys(x, a=-0.5):
    x = abs(x)
    return np.where(x < 1, ((a + 2) * x - (a + 3)) * x * x + 1, np.where(x < 2, (((x - 5) * x + 8) * x - 4) * a, 0))


def along(v, size):
    """Resamples the first axis to size."""
    n = len(v)
    scale = n / size
    wide = max(scale, 1)
    centres = (np.arange(size) + 0.5) * scale
    weights = keys((np.arange(n)[None] + 0.5 - centres[:, None]) / wide)
    weights = np.floor(weights / weights.sum(1, keepdims=True) * 2**22 + 0.5) / 2**22
    return np.clip(np.floor(np.tensordot(weights, v, 1) + 0.5), 0, 255)


def pixels(path, S):
    v = np.asarray(Image.open(path).convert("RGB"), float)
    h, w = v.shape[:2]
    H, W = (S * h // w, S) if w < h else (S, S * w // h)
    v = v if w == W else along(v.swapaxes(0, 1), W).swapaxes(0, 1)
    v = v if h == H else along(v, H)
    top, left = round((H - S) / 2), round((W - S) / 2)
    return normalised(v[top:top + S, left:left + S])


def normalised(v):
    v = (v / 255 - [0.48145466, 0.4578275, 0.40821073]) / [0.26862954, 0.26130258, 0.27577711]
    return v.transpose(2, 0, 1)


# The trunk
def conv(x, w, stride=1):
    k = w.shape[2]
    x = np.pad(x, ((0, 0), (k // 2,) * 2, (k // 2,) * 2))
    patches = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))[:, ::stride, ::stride]
    return np.tensordot(w, patches.transpose(0, 3, 4, 1, 2), 3)


def halves(x):
    c, h, w = x.shape
    return x.reshape(c, h // 2, 2, w // 2, 2).mean((2, 4))


class Model:
    def __init__(self, path, vocabulary):
        self.t = {k: np.asarray(v, float) for k, v in load_file(path).items()}
        t = self.t
        self.positions = t["visual.attnpool.positional_embedding"]
        self.S = 32 * round((len(self.positions) - 1) ** 0.5)
        data = pathlib.Path(vocabulary).read_bytes()
        lines = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode().split("\n")
        merges = [tuple(line.split()) for line in lines[1:48895] if line.strip()]
        order = [*range(33, 127), *range(161, 173), *range(174, 256)]
        order += [b for b in range(256) if b not in order]
        # the file writes a byte without a printable sign as the signs from 256 on, in the order of the bytes
        self.sign = {b: chr(b) if i < 188 else chr(256 + i - 188) for i, b in enumerate(order)}
        symbols = [self.sign[b] for b in order]
        symbols += [s + "</w>" for s in symbols] + ["".join(m) for m in merges]
        self.number = {s: i for i, s in enumerate(symbols)}
        self.rank = {m: i for i, m in enumerate(merges)}
        self.start = len(symbols)
        assert self.start + 2 == len(t["token_embedding.weight"]), "a vocabulary of another model"

    def bn(self, x, name):
        w, b, m, v = (self.t[f"{name}.{k}"][:, None, None] for k in ("weight", "bias", "running_mean", "running_var"))
        return (x - m) / np.sqrt(v + 1e-5) * w + b

    def trunk(self, x):
        t, relu = self.t, lambda v: np.maximum(v, 0)
        for i in (1, 2, 3):
            x = relu(self.bn(conv(x, t[f"visual.conv{i}.weight"], 2 if i == 1 else 1), f"visual.bn{i}"))
        x = halves(x)
        for layer in (1, 2, 3, 4):
            block = 0
            while f"visual.layer{layer}.{block}.conv1.weight" in t:
                name = f"visual.layer{layer}.{block}"
                y = relu(self.bn(conv(x, t[name + ".conv1.weight"]), name + ".bn1"))
                y = relu(self.bn(conv(y, t[name + ".conv2.weight"]), name + ".bn2"))
                if block == 0:
                    if layer > 1:
                        x, y = halves(x), halves(y)
                    x = self.bn(conv(x, t[name + ".downsample.0.weight"]), name + ".downsample.1")
                x = relu(self.bn(conv(y, t[name + ".conv3.weight"]), name + ".bn3") + x)
                block += 1
        return x

    def picture(self, path):
        """embedding [D], attention [M,K+1], scalars [M,C], directions [M,C,D], constant [D]"""
        return self.pool(self.trunk(pixels(path, self.S)))

    def pool(self, z):
        """The same of the trunk's output z [C,h,w]."""
        p = {k: self.t[f"visual.attnpool.{k}"] for k in (f"{m}_proj.{w}" for m in "qkvc" for w in ("weight", "bias"))}
        C = len(z)
        M, d = C // 64, 64
        z = z.reshape(C, -1).T
        x = np.vstack([z.mean(0), z]) + self.positions
        q = p["q_proj.weight"] @ x[0] + p["q_proj.bias"]
        k = x @ p["k_proj.weight"].T + p["k_proj.bias"]
        attention = []
        for h in range(M):
            part = slice(h * d, (h + 1) * d)
            e = k[:, part] @ q[part] / np.sqrt(d)
            e = np.exp(e - e.max())
            attention.append(e / e.sum())
        attention = np.array(attention)
        scalars = attention @ x
        directions = np.stack([(p["c_proj.weight"][:, h * d:(h + 1) * d] @ p["v_proj.weight"][h * d:(h + 1) * d]).T for h in range(M)])
        constant = p["c_proj.weight"] @ p["v_proj.bias"] + p["c_proj.bias"]
        embedding = np.einsum("hn,hnd->d", scalars, directions) + constant
        return embedding, attention, scalars, directions, constant

    # The text
    def tokens(self, text):
        text = " ".join(html.unescape(html.unescape(text)).split()).lower()
        out = []
        for word in re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|(?:[^\s\w]|_)+", text):
            symbols = [self.sign[b] for b in word.encode()]
            symbols[-1] += "</w>"
            while len(symbols) > 1:
                first = min(zip(symbols, symbols[1:]), key=lambda two: self.rank.get(two, len(self.rank)))
                if first not in self.rank:
                    break
                joined, i = [], 0
                while i < len(symbols):
                    both = tuple(symbols[i:i + 2]) == first
                    joined.append("".join(symbols[i:i + 2]) if both else symbols[i])
                    i += 2 if both else 1
                symbols = joined
            out += [self.number[s] for s in symbols]
        return [self.start, *out, self.start + 1]

    def ln(self, x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return x * self.t[name + ".weight"] + self.t[name + ".bias"]

    def text(self, text):
        t, numbers = self.t, self.tokens(text)
        N = len(numbers)
        x = t["token_embedding.weight"][numbers] + t["positional_embedding"][:N]
        W, layer = x.shape[1], 0
        while f"transformer.resblocks.{layer}.ln_1.weight" in t:
            name = f"transformer.resblocks.{layer}."
            q, k, v = np.split(self.ln(x, name + "ln_1") @ t[name + "attn.in_proj_weight"].T + t[name + "attn.in_proj_bias"], 3, 1)
            heads = []
            for h in range(W // 64):
                part = slice(64 * h, 64 * h + 64)
                a = q[:, part] @ k[:, part].T / 8
                a = np.where(np.tri(N) > 0, np.exp(a - a.max()), 0)
                heads.append(a / a.sum(1, keepdims=True) @ v[:, part])
            x = x + np.hstack(heads) @ t[name + "attn.out_proj.weight"].T + t[name + "attn.out_proj.bias"]
            y = self.ln(x, name + "ln_2") @ t[name + "mlp.c_fc.weight"].T + t[name + "mlp.c_fc.bias"]
            x = x + y / (1 + np.exp(-1.702 * y)) @ t[name + "mlp.c_proj.weight"].T + t[name + "mlp.c_proj.bias"]
            layer += 1
        return self.ln(x[-1], "ln_final") @ t["text_projection"]


def unit(v):
    return v / np.linalg.norm(v)


failed = False


def compare(what, got, want, tolerance):
    """Largest difference over the largest value."""
    global failed
    got, want = np.asarray(got, float), np.asarray(want, float)
    error = np.abs(got - want).max() / np.abs(want).max() if got.shape == want.shape else np.inf
    failed |= not error <= tolerance
    print(f"{what:44} {error:9.2g}  {'equal' if error <= tolerance else f'DIFFERENT, expected at most {tolerance:g}'}")


def main():
    facet, checkpoint, vocabulary, *pictures = sys.argv[1:]
    model = Model(checkpoint, vocabulary)
    common = ["--model", checkpoint, "--vocab", vocabulary, "--activation", "quickgelu"]

    def run(*args):
        return subprocess.run([facet, *args, *common], check=True, capture_output=True).stdout

    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "texts").write_text("\n".join(TEXTS) + "\n")
        (work / "templates").write_text("\n".join(TEMPLATES) + "\n")
        run("embed", "--texts", str(work / "texts"), "-o", str(work / "t.npy"))
        texts = np.array([model.text(t) for t in TEXTS])
        compare("embeddings of texts", np.load(work / "t.npy"), texts, 5e-6)
        run("embed", *pictures, "-o", str(work / "e.npy"))
        seen = [model.picture(p) for p in pictures]
        compare("embeddings of pictures", np.load(work / "e.npy"), [s[0] for s in seen], 5e-5)
        tau = np.exp(model.t["logit_scale"])
        heads = np.array([unit(sum(unit(model.text(p.format(label))) for p in TEMPLATES)) for label in LABELS])
        for path, (e, _, s, u, b) in zip(pictures, seen):
            answer = json.loads(run("classify", path, "--labels", ",".join(LABELS), "--templates", str(work / "templates"), "--json"))
            classes = {c["label"]: c for c in answer["images"][0]["classes"]}
            logits = tau * heads @ unit(e)
            compare(f"logits of classes, {pathlib.Path(path).name}", [classes[x]["logit"] for x in LABELS], logits, 5e-5)
            probability = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
            compare("probabilities", [classes[x]["probability"] for x in LABELS], probability, 1e-4)
            t = unit(texts[0])
            answer = json.loads(run("explain", path, "--text", TEXTS[0], "--baseline", "none", "--by", "pair", "--top", "50", "--json"))
            compare("logit of a text", answer["total"], tau * unit(e) @ t, 5e-5)
            parts = tau * s * (u @ t) / np.linalg.norm(e)  # formula 10
            compare("  scalars of its 50 pairs (3)", [p["scalar"] for p in answer["pairs"]], [s[p["head"], p["neuron"]] for p in answer["pairs"]], 5e-5)
            compare("  parts of the logit (10)", [p["amount"] for p in answer["pairs"]], [parts[p["head"], p["neuron"]] for p in answer["pairs"]], 5e-5)
            top = np.sort(np.abs(parts).ravel())[::-1][:50]
            compare("  which are the 50 largest", [abs(p["amount"]) for p in answer["pairs"]], top, 5e-5)
            compare("  share of the constant", answer["bias_share"], b @ t / abs(e @ t), 1e-4)
    sys.exit(failed)


if __name__ == "__main__":
    main()
