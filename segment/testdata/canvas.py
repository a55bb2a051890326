"""Writes canvas.json: a picture of random pixels, resized by PyTorch: bilinear, antialiased where it shrinks, rounded to 8 bits.

    pip install torch; python3 canvas.py
"""
import json
import pathlib

import torch

torch.manual_seed(19)
picture = torch.randint(0, 256, (9, 12, 3))
cases = []
for height, width in ((15, 20), (9, 12), (6, 8), (3, 4)):
    x = picture.permute(2, 0, 1)[None].double()
    y = torch.nn.functional.interpolate(x, (height, width), mode="bilinear", antialias=True).round()[0].permute(1, 2, 0)
    cases.append(dict(width=width, height=height, pixels=y.int().flatten().tolist()))
(pathlib.Path(__file__).parent / "canvas.json").write_text(json.dumps(dict(width=12, height=9, pixels=picture.flatten().tolist(), cases=cases)) + "\n")
