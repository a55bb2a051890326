"""Compares facet with PyTorch on full-size checkpoints, in every format that they are published in.

    python3 bench/fullsize.py ORACLE FACET [CONFIG ...]

ORACLE is a folder with clip_resnet.py and make_checkpoint.py (an independent PyTorch model and a writer of checkpoints),
FACET the binary. For each configuration and format: a checkpoint of random weights is written, both see the same pixels,
and embeddings, attention and pair scalars are compared. Exits 1 when something is off. Takes minutes and gigabytes.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

FORMATS = ["openai-jit", "openai-state", "open_clip", "safetensors", "safetensors-half", "timm", "timm-pt"]
TOLERANCE = 1e-4


def relative(a, b):
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@torch.no_grad()
def truth(model, pixels):
    pool = model.visual.attnpool
    x = pool.tokens(model.visual.trunk(pixels))
    a, _ = pool.attend(x)
    return {"embedding": model.encode_image(pixels).numpy(), "attention": a.numpy(),
            "scalars": torch.einsum("bmn,bnc->bmc", a, x).numpy()}


def explain(facet, engine, checkpoint, pixels, out):
    started = time.time()
    subprocess.run([facet, "explain", "--engine", engine, "--model", checkpoint, "--pixels", pixels, "-o", out],
                   check=True, stdout=subprocess.DEVNULL)
    got = {k: np.load(os.path.join(out, k + ".npy")) for k in ("embedding", "attention", "scalars")}
    with open(os.path.join(out, "explain.json")) as f:
        return got, json.load(f)["residual"], time.time() - started


def main(oracle, facet, configs):
    sys.path.insert(0, oracle)
    import clip_resnet
    import make_checkpoint
    ok = True
    print(f"{'model':8} {'format':17} {'engine':8} {'embedding':>10} {'cosine':>10} {'attention':>10} {'scalars':>10} {'residual':>9} {'seconds':>8}")
    for name in configs:
        config = clip_resnet.CONFIGS[name]
        model = clip_resnet.make_model(config, 0)
        images = clip_resnet.normalise(clip_resnet.random_images(1, config.image, 7))
        want = truth(model, images)
        with tempfile.TemporaryDirectory() as tmp:
            pixels = os.path.join(tmp, "pixels.npy")
            np.save(pixels, images.numpy())
            for form in FORMATS:
                path = os.path.join(tmp, f"{name}-{form}")
                make_checkpoint.save(model, form, path)
                for engine in ("ort", "portable") if form == "openai-jit" else ("ort",):
                    got, residual, seconds = explain(facet, engine, path, pixels, os.path.join(tmp, "out"))
                    errors = {k: relative(got[k], want[k][0]) for k in got}
                    e, w = got["embedding"], want["embedding"][0]
                    cosine = float(e @ w / np.linalg.norm(e) / np.linalg.norm(w))
                    good = max(errors.values()) <= TOLERANCE and cosine >= 0.99999 and residual <= 1e-5
                    ok &= good
                    print(f"{name:8} {form:17} {engine:8} {errors['embedding']:10.1e} {cosine:10.7f} {errors['attention']:10.1e} "
                          f"{errors['scalars']:10.1e} {residual:9.1e} {seconds:8.2f}{'' if good else '  WRONG'}", flush=True)
                os.remove(path)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:] or ["RN50", "RN50x4"])
