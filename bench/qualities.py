#!/usr/bin/env python3
"""Whether facet drift names changes of picture quality that another program made.

    python3 bench/qualities.py bin/facet [FOLDER]

Pictures of the demo world are spoiled by Pillow and NumPy (not by facet's own distortions, and not by its scenes) and compared with a profile
of other pictures of that world. Prints the top change for each, in three draws of 200 pictures."""
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

DRAWS = 3
random = np.random.default_rng(1)


def noise(sd, grain):
    """Gaussian noise, the same in all channels, in grains of so many pixels."""
    def spoil(img):
        w, h = img.size
        n = random.normal(0, sd, (-(-h // grain), -(-w // grain))).repeat(grain, 0).repeat(grain, 1)[:h, :w]
        return Image.fromarray((np.asarray(img, float) + n[..., None]).clip(0, 255).astype(np.uint8))
    return spoil


def jpeg(quality):
    def spoil(img):
        b = io.BytesIO()
        img.save(b, "JPEG", quality=quality)
        return Image.open(b).convert("RGB")
    return spoil


def smaller(factor):
    return lambda img: img.resize([s // factor for s in img.size], Image.BOX).resize(img.size, Image.BILINEAR)


SPOILT = [
    ("nothing", lambda img: img, "none"),
    ("grey noise, sd 10", noise(10, 1), "more noise"),
    ("grey noise, sd 25", noise(25, 1), "more noise"),
    ("grey noise, sd 15, grains of 2 pixels", noise(15, 2), "more noise"),
    ("box blur, radius 1", lambda img: img.filter(ImageFilter.BoxBlur(1)), "more blur"),
    ("box blur, radius 3", lambda img: img.filter(ImageFilter.BoxBlur(3)), "more blur"),
    ("made half as large and large again", smaller(2), "more blur"),
    ("0.6 times as bright", lambda img: ImageEnhance.Brightness(img).enhance(0.6), "less brightness"),
    ("1.5 times as bright", lambda img: ImageEnhance.Brightness(img).enhance(1.5), "more brightness"),
    ("half the contrast", lambda img: ImageEnhance.Contrast(img).enhance(0.5), "less contrast"),
    ("twice the contrast", lambda img: ImageEnhance.Contrast(img).enhance(2), "more contrast"),
    ("half the colour", lambda img: ImageEnhance.Color(img).enhance(0.5), "less colour"),
    ("no colour", lambda img: ImageEnhance.Color(img).enhance(0), "less colour"),
    ("JPEG of quality 10", jpeg(10), "more JPEG artefacts"),
    ("JPEG of quality 25", jpeg(25), "more JPEG artefacts"),
]


def run(facet, *args):
    return subprocess.run([facet, *args, "--model", "demo"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def name(change):
    return ("more " if change["more"] else "less ") + change["word"]


def main(facet, folder):
    folder = pathlib.Path(folder)
    profile = folder / "profile"
    if not profile.exists():
        run(facet, "drift", "profile", "scenes:default?n=1000&seed=41", "-o", str(profile))
    for what, spoil, want in SPOILT:
        found = []
        for draw in range(DRAWS):
            source = folder / f"clean-{draw}"
            if not source.exists():
                subprocess.run([facet, "scenes", "-n", "200", "--seed", str(50 + draw), "-o", str(source)], check=True, stdout=subprocess.DEVNULL)
            with tempfile.TemporaryDirectory(dir=folder) as spoilt:
                for i, path in enumerate(sorted((source / "images").rglob("*.png"))):
                    spoil(Image.open(path).convert("RGB")).save(f"{spoilt}/{i}.png")
                c = json.loads(run(facet, "drift", "compare", str(profile), spoilt, "--json"))["all"]
            found.append(name(c["changes"][0]) if c["changes"] else "unnamed" if c["pairs_changed"] else "none")
        print(f"{what:40} {sum(f == want for f in found)} of {DRAWS} {want:20} {', '.join(sorted(set(found)))}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp())
