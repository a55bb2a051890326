"""Writes masks/*.png and masks.json: small masks of every kind, and what Pillow and NumPy make of them. Run it in this folder, with Pillow and NumPy."""
import json, os, struct, zlib

import numpy as np
from PIL import Image

W, H = 5, 3


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, kind, values, channels=1, extra=b""):
    rows = b""
    for y in range(H):
        bits = "".join(f"{v:0{depth}b}" for v in values[y * W * channels:(y + 1) * W * channels])
        bits += "0" * (-len(bits) % 8)
        rows += b"\0" + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
    head = struct.pack(">IIBBBBB", W, H, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def values(depth, channels=1):
    return [(i * 7 + 1) % min(2**depth, 256) for i in range(W * H * channels)]


os.makedirs("masks", exist_ok=True)
files = {f"grey{d}.png": png(d, 0, values(d)) for d in (1, 2, 4, 8, 16)}
files |= {f"indexed{d}.png": png(d, 3, values(d), extra=chunk(b"PLTE", bytes(3 * 2**d))) for d in (1, 2, 4, 8)}
files |= {f"transparent{d}.png": png(d, 0, values(d), extra=chunk(b"tRNS", b"\0\1")) for d in (1, 8, 16)}
files["rgb.png"], files["rgba.png"], files["greyalpha.png"] = png(8, 2, values(8, 3), 3), png(8, 6, values(8, 4), 4), png(8, 4, values(8, 2), 2)
files["large.png"] = png(16, 0, [300] * (W * H))
found = {}
for name, data in files.items():
    open("masks/" + name, "wb").write(data)
    a = np.array(Image.open("masks/" + name))
    found[name] = a.astype(int).ravel().tolist() if a.ndim == 2 and a.max() < 256 else None
json.dump(found, open("masks.json", "w"))
