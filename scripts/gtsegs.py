#!/usr/bin/env python3
"""Unpacks ImageNet-Segmentation for facet evaluate segmentation imagenet-seg:DIR.

    pip install h5py numpy pillow
    python3 scripts/gtsegs.py gtsegs_ijcv.mat DIR

gtsegs_ijcv.mat is MATLAB's format of version 7.3, which is HDF5: /value/img and /value/gt hold references to the pictures [3,W,H] and to the first
segmentation [W,H] of each. Pictures go to DIR/images and masks of 0 and 1 to DIR/masks, as PNG with numbers as names, in the file's order.
"""
import pathlib
import sys

import h5py
import numpy as np
from PIL import Image


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[2])
    for folder in ("images", "masks"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    with h5py.File(sys.argv[1], "r") as f:
        pictures, masks = f["/value/img"], f["/value/gt"]
        for i in range(len(pictures)):
            picture = np.array(f[pictures[i, 0]]).transpose(2, 1, 0)
            mask = np.array(f[f[masks[i, 0]][0, 0]]).transpose(1, 0).astype(np.uint8)
            if picture.shape[:2] != mask.shape or mask.max() > 1:
                sys.exit(f"picture {i}: {picture.shape} with a mask {mask.shape} of values up to {mask.max()}")
            Image.fromarray(picture).convert("RGB").save(out / "images" / f"{i:04}.png")
            Image.fromarray(mask).save(out / "masks" / f"{i:04}.png")
    print(f"{len(list((out / 'masks').iterdir()))} pictures in {out}")


main()
