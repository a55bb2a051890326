"""Holds facet's pixels against Pillow's open(...).convert("RGB"), and times both on a plain JPEG.

    python3 bench/decode.py PICTURE... [--jpegs 500] [--seed 1]       # Pillow 13, NumPy and Go; run in the repository

JPEGs are made at random: size, content, quality, sampling, progressive or not, restart markers, optimised tables, grey, RGB, CMYK.
"""
import argparse
import io
import os
import random
import struct
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image


def picture(r, mode):
    w, h = r.randint(1, 200), r.randint(1, 200)
    g = np.random.default_rng(r.getrandbits(32))
    bands = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    y, x = np.mgrid[0:h, 0:w]
    waves = np.stack([127 + 127 * np.sin(x * g.uniform(0, 0.5) + y * g.uniform(0, 0.5) + g.uniform(0, 6)) for _ in range(bands)], -1)
    mixed = waves * (1 - (k := r.choice((0, 0.1, 1)))) + k * g.integers(0, 256, (h, w, bands))
    return Image.fromarray(mixed.clip(0, 255).astype(np.uint8).squeeze(-1) if bands == 1 else mixed.clip(0, 255).astype(np.uint8), mode)


def jpegs(folder, n, seed):
    r = random.Random(seed)
    for i in range(n):
        mode = r.choice(("RGB", "RGB", "RGB", "L", "CMYK"))
        options = dict(quality=r.randint(1, 100), progressive=r.random() < 0.5, optimize=r.random() < 0.3)
        if mode != "L":
            options["subsampling"] = r.choice(("4:4:4", "4:2:2", "4:2:0", "4:1:1"))
        if r.random() < 0.4:
            options[r.choice(("restart_marker_blocks", "restart_marker_rows"))] = r.randint(1, 20)
        if mode == "RGB" and r.random() < 0.1:
            options["keep_rgb"] = True
            options.pop("subsampling")
        path = os.path.join(folder, f"{i:04d}.jpg")
        picture(r, mode).save(path, **options)
        yield path


def decoded(program, paths):
    out = subprocess.run([program], input="\n".join(paths).encode(), stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for path in paths:
        w, h = struct.unpack_from("<II", out, at)
        at += 8
        if w == 0:
            yield path, None, out[at : at + h].decode()
            at += h
            continue
        yield path, np.frombuffer(out, np.uint8, w * h * 3, at).reshape(h, w, 3), None
        at += w * h * 3


def compare(program, name, paths):
    worst, sums, counts, unread, different = 0, 0, 0, 0, []
    for path, got, error in decoded(program, paths):
        try:
            want = np.asarray(Image.open(path).convert("RGB"))
        except Exception as e:
            print(" ", os.path.basename(path), "Pillow:", e, "| facet:", error or got.shape)
            continue
        if got is None or got.shape != want.shape:
            unread += 1
            print(" ", os.path.basename(path), error or f"{got.shape}, Pillow {want.shape}")
            continue
        d = np.abs(got.astype(int) - want)
        worst, sums, counts = max(worst, d.max()), sums + d.sum(), counts + d.size
        if d.max():
            different.append(f"{os.path.basename(path)} {d.max()}")
    print(f"{name}: {len(paths)} pictures, {unread} differ in being read or in size; largest difference {worst}, mean {sums / max(counts, 1):.6f}", *different[:9])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("pictures", nargs="*")
    p.add_argument("--jpegs", type=int, default=500)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "decode")
        subprocess.run(["go", "build", "-o", program, "./bench/decode"], check=True)
        if a.pictures:
            compare(program, "given", a.pictures)
        compare(program, f"made with seed {a.seed}", list(jpegs(folder, a.jpegs, a.seed)))
        plain = os.path.join(folder, "plain.jpg")
        g = np.random.default_rng(0)
        rough = Image.fromarray(g.integers(0, 256, (75, 100, 3), dtype=np.uint8)).resize((1600, 1200), Image.BICUBIC)
        rough.save(plain, quality=90, subsampling="4:2:0")
        ours = subprocess.run([program, "-times", "15"], input=plain.encode(), stdout=subprocess.PIPE, check=True).stdout
        best = min(timed(plain) for _ in range(15))
        print(f"1600x1200, quality 90, 4:2:0: facet {float(ours):.1f} ms, Pillow {best:.1f} ms")


def timed(path):
    data = open(path, "rb").read()
    started = time.perf_counter()
    Image.open(io.BytesIO(data)).convert("RGB")
    return (time.perf_counter() - started) * 1000


main()
