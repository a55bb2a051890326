"""Makes siblings of the pictures in this folder and, beside each, what Pillow's open(...).convert("RGB") gives, as NAME.truth.png.

    python3 make.py        # Pillow 13 and NumPy; run in this folder

The pictures without a line here came with a bug report; their truths are Pillow's too.
"""
import io
import struct
import zlib

import numpy as np
from PIL import Image

rng = np.random.default_rng(7)
y, x = np.mgrid[0:37, 0:53]
smooth = np.stack([x * 4, y * 6, (x + y) * 2, 255 - x * 4], -1).clip(0, 255).astype(np.uint8)
noise = rng.integers(0, 256, (37, 53, 4), dtype=np.uint8)
rgb, rgba, grey = Image.fromarray(smooth[..., :3]), Image.fromarray(smooth, "RGBA"), Image.fromarray(smooth[..., 2])
indexed = rgb.quantize(16)
bits = Image.fromarray(((x // 5 + y // 3) % 2 * 255).astype(np.uint8)).convert("1")


def truth(name, image=None):
    (image or Image.open(name)).convert("RGB").save(name + ".truth.png")


def save(name, image, **options):
    image.save(name, **options)
    truth(name)


def write(name, data, image=None):
    open(name, "wb").write(data)
    truth(name, image)


def tiff(name, entries, blocks, order="<", image=None, big=False):
    """A TIFF of one directory. entries: tag -> (type, values); blocks are the strips or tiles."""
    sizes = {1: 1, 3: 2, 4: 4, 16: 8}
    letters = {1: "B", 3: "H", 4: "I", 16: "Q"}
    head = 16 if big else 8
    data, offsets = b"", []
    for block in blocks:
        offsets.append(head + len(data))
        data += block + b"\0" * (len(block) % 2)
    tiled = 322 in entries
    entries = dict(entries)
    entries[324 if tiled else 273] = (4, offsets)
    entries[325 if tiled else 279] = (4, [len(b) for b in blocks])
    at = head + len(data)
    room = 8 if big else 4
    fixed = (8 if big else 2) + len(entries) * (20 if big else 12) + room
    table, extra = b"", b""
    for tag in sorted(entries):
        kind, values = entries[tag]
        body = struct.pack(order + letters[kind] * len(values), *values)
        if len(body) > room:
            where = at + fixed + len(extra)
            extra += body + b"\0" * (len(body) % 2)
            body = struct.pack(order + ("Q" if big else "I"), where)
        table += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, len(values)) + body.ljust(room, b"\0")
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, at)
        count = struct.pack(order + "Q", len(entries))
    else:
        head = mark + struct.pack(order + "HI", 42, at)
        count = struct.pack(order + "H", len(entries))
    write(name, head + data + count + table + b"\0" * room + extra, image)


def fields(width, height, each, depth, photometric, compression=1, rows=None, **more):
    out = {256: (4, [width]), 257: (4, [height]), 258: (3, [depth] * each), 259: (3, [compression]), 262: (3, [photometric]), 277: (3, [each])}
    if rows:
        out[278] = (4, [rows])
    out.update({int(k[1:]): v for k, v in more.items()})
    return out


H, W = y.shape
pix = smooth[..., :3].tobytes()

# TIFF: compressions, predictors, layouts, fill order, depths
for name in "raw", "tiff_lzw", "packbits", "tiff_adobe_deflate", "tiff_deflate", "jpeg":
    save(f"rgb-{name}.tif", rgb, compression=name)
save("predictor.tif", rgb, compression="tiff_adobe_deflate", tiffinfo={317: 2})
save("predictor-lzw.tif", Image.fromarray(noise[..., :3]), compression="tiff_lzw", tiffinfo={317: 2})
for name in "group3", "group4", "tiff_ccitt":
    save(f"bits-{name}.tif", bits, compression=name)
save("bits-g3-2d.tif", bits, compression="group3", tiffinfo={292: 1})
save("grey.tif", grey)
save("la.tif", Image.fromarray(smooth[..., :2], "LA"), compression="tiff_lzw")
save("palette.tif", indexed, compression="tiff_lzw")
save("rgba.tif", rgba, compression="tiff_adobe_deflate")
save("cmyk-deflate.tif", Image.fromarray(smooth, "CMYK"), compression="tiff_adobe_deflate")
save("cmyk-jpeg.tif", Image.fromarray(smooth, "CMYK"), compression="jpeg")
save("ycbcr.tif", rgb.convert("YCbCr"))
save("ycbcr-jpeg.tif", rgb.convert("YCbCr"), compression="jpeg")
save("float.tif", Image.fromarray((smooth[..., 0] * 1.5 - 20.25).astype(np.float32)))
save("int32.tif", Image.fromarray(smooth[..., 0].astype(np.int32) * 2 - 50))
for o in range(2, 9):
    save(f"orient{o}.tif", rgb, compression="tiff_lzw", tiffinfo={274: o})
white = 255 - smooth[..., 2]
tiff("white-is-zero.tif", fields(W, H, 1, 8, 0), [white.tobytes()])
tiff("no-photometric.tif", {k: v for k, v in fields(W, H, 1, 8, 0).items() if k != 262}, [white.tobytes()])
tiff("fill-order.tif", fields(W, H, 1, 1, 1, t266=(3, [2])), [bytes(int(f"{b:08b}"[::-1], 2) for b in bits.tobytes())])
tiff("g4-white.tif", fields(W, H, 1, 1, 0), [bytes(255 - b for b in bits.tobytes())])
big_endian = (smooth[..., :3].astype(np.uint16) * 257 + 3).astype(">u2")
tiff("rgb16-be.tif", fields(W, H, 3, 16, 2), [big_endian.tobytes()], order=">")
tiff("rgb16-le.tif", fields(W, H, 3, 16, 2), [big_endian.astype("<u2").tobytes()])
tiff("rgba16-deflate.tif", fields(W, H, 4, 16, 2, 8, t338=(3, [2])), [zlib.compress((noise.astype(np.uint16) * 255).astype("<u2").tobytes())])
tiff("associated.tif", fields(W, H, 4, 8, 2, t338=(3, [1])), [noise.tobytes()])
tiff("extra2.tif", fields(W, H, 5, 8, 2, t338=(3, [0, 0])), [np.concatenate([noise, noise[..., :1]], -1).tobytes()])
tiff("no-extra.tif", fields(W, H, 4, 8, 2), [noise.tobytes()])
tiff("grey4.tif", fields(W, H, 1, 4, 1), [b"".join(bytes((r[2 * i] >> 4) << 4 | (r[2 * i + 1] >> 4 if 2 * i + 1 < W else 0) for i in range((W + 1) // 2)) for r in smooth[..., 2])])
tiff("strips-be.tif", fields(W, H, 3, 8, 2, rows=5), [smooth[i : i + 5, :, :3].tobytes() for i in range(0, H, 5)], order=">")
tiff("big-strips.tif", fields(W, H, 3, 8, 2, 8, rows=7), [zlib.compress(smooth[i : i + 7, :, :3].tobytes()) for i in range(0, H, 7)], big=True)
tiff("planar-strips.tif", fields(W, H, 3, 8, 2, 8, rows=10, t284=(3, [2])),
     [zlib.compress(smooth[i : i + 10, :, c].tobytes()) for c in range(3) for i in range(0, H, 10)])
padded = np.zeros((48, 64, 3), np.uint8)
padded[:H, :W] = smooth[..., :3]
tiles = [padded[i : i + 16, j : j + 32] for i in range(0, 48, 16) for j in range(0, 64, 32)]
layout = dict(t322=(4, [32]), t323=(4, [16]))
tiff("tiled.tif", fields(W, H, 3, 8, 2, **layout), [t.tobytes() for t in tiles])
tiff("tiled-deflate.tif", fields(W, H, 3, 8, 2, 8, **layout), [zlib.compress(t.tobytes()) for t in tiles])
tiff("tiled-planar.tif", fields(W, H, 3, 8, 2, 8, t284=(3, [2]), **layout), [zlib.compress(t[..., c].tobytes()) for c in range(3) for t in tiles])


# PNG: every kind, and what Pillow does not look at
def chunk(kind, body, crc=None):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if crc is None else crc)


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def header(depth=8, kind=2, woven=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, kind, 0, 0, woven))


rows = b"".join(b"\0" + r.tobytes() for r in smooth[..., :3])
z, end = zlib.compress(rows), chunk(b"IEND", b"")
write("idat-crc.png", png(header(), chunk(b"IDAT", z, 1), end))
write("no-adler.png", png(header(), chunk(b"IDAT", z[:-4]), end))
write("surplus-rows.png", png(header(), chunk(b"IDAT", zlib.compress(rows + rows)), end))
write("surplus-bytes.png", png(header(), chunk(b"IDAT", z + b"more"), end))
write("long-idat.png", png(header(), struct.pack(">I", len(z) + 50) + b"IDAT" + z))
write("no-last-crc.png", png(header(), chunk(b"IDAT", z))[:-4])
write("trailing.png", png(header(), chunk(b"IDAT", z), end) + b"trailing")
write("empty-idat.png", png(header(), chunk(b"IDAT", b""), chunk(b"IDAT", z[:40]), chunk(b"IDAT", z[40:]), end))
write("rgb16.png", png(header(16), chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r.tobytes() for r in big_endian))), end))
write("rgba16.png", png(header(16, 6), chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r.tobytes() for r in (noise.astype(np.uint16) * 257).astype(">u2")))), end))
woven = b""
for x0, y0, dx, dy in (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2):
    woven += b"".join(b"\0" + r.tobytes() for r in smooth[y0::dy, x0::dx, :3])
write("interlaced.png", png(header(woven=1), chunk(b"IDAT", zlib.compress(woven)), end))
write("interlaced-surplus.png", png(header(woven=1), chunk(b"IDAT", zlib.compress(woven + b"more")), end))
save("rgb-transparent.png", rgb, transparency=(0, 0, 0))
save("palette-alpha.png", indexed, transparency=bytes(range(0, 160, 10)))
for depth in 1, 2, 4:
    save(f"palette{depth}.png", rgb.quantize(2**depth), bits=depth)
save("bits.png", bits)
save("la.png", Image.fromarray(smooth[..., :2], "LA"))


# BMP: run lengths, depths, masks, headers, direction
def bmp(name, depth, pixels, packing=0, palette=b"", height=H, masks=b"", size=40, image=None):
    offset = 14 + size + len(masks if size == 40 else b"") + len(palette)
    info = struct.pack("<IiiHHIIiiII", size, W, height, 1, depth, packing, len(pixels), 0, 0, len(palette) // 4, 0)
    info = (info + masks).ljust(size, b"\0") if size > 40 else info + masks
    write(name, b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + info + palette + pixels, image)


def stride(row):
    return row + b"\0" * (-len(row) % 4)


index = np.asarray(indexed)
colours = b"".join(bytes((b, g, r, 0)) for r, g, b in np.array(indexed.getpalette()[:48]).reshape(-1, 3).tolist())


def run_lengths(nibbles):
    out = b""
    for k, row in enumerate(index[::-1].tolist()):
        at = 0
        while at < W:
            n = 1
            while at + n < W and row[at + n] == row[at] and n < 255:
                n += 1
            if n < 3 and W - at >= 7 and k % 2:  # a literal run, of odd length
                part = row[at : at + 7]
                body = bytes(part) if not nibbles else bytes(a << 4 | b for a, b in zip(part[::2], part[1::2] + [0]))
                out += bytes((0, 7)) + body + b"\0" * (len(body) % 2)
                at += 7
                continue
            out += bytes((n, row[at] * 17 if nibbles else row[at]))
            at += n
        out += b"\0\0"
    return out + b"\0\1"


bmp("runs8.bmp", 8, run_lengths(False), 1, colours)
bmp("runs4.bmp", 4, run_lengths(True), 2, colours)
bmp("index4.bmp", 4, b"".join(stride(bytes(a << 4 | b for a, b in zip(r[::2], r[1::2] + [0]))) for r in index[::-1].tolist()), 0, colours)
bmp("index8.bmp", 8, b"".join(stride(bytes(r)) for r in index[::-1].tolist()), 0, colours)
save("index1.bmp", bits)
bgr = smooth[..., 2::-1]
bmp("rgb24.bmp", 24, b"".join(stride(r.tobytes()) for r in bgr[::-1]))
bmp("top-down.bmp", 24, b"".join(stride(r.tobytes()) for r in bgr), height=-H)
fifteen = (smooth[..., 0].astype(int) >> 3 << 10 | smooth[..., 1].astype(int) >> 3 << 5 | smooth[..., 2].astype(int) >> 3).astype("<u2")
sixteen = (smooth[..., 0].astype(int) >> 3 << 11 | smooth[..., 1].astype(int) >> 2 << 5 | smooth[..., 2].astype(int) >> 3).astype("<u2")
bmp("555.bmp", 16, b"".join(stride(r.tobytes()) for r in fifteen[::-1]))
bmp("555-masks.bmp", 16, b"".join(stride(r.tobytes()) for r in fifteen[::-1]), 3, masks=struct.pack("<III", 0x7C00, 0x3E0, 0x1F))
bmp("565-v4.bmp", 16, b"".join(stride(r.tobytes()) for r in sixteen[::-1]), 3, masks=struct.pack("<IIII", 0xF800, 0x7E0, 0x1F, 0), size=108)
four = np.concatenate([bgr, noise[..., :1]], -1)
bmp("rgb32.bmp", 32, four[::-1].tobytes())
bmp("masks32.bmp", 32, four[::-1, :, ::-1].tobytes(), 3, masks=struct.pack("<IIII", 0xFF00, 0xFF0000, 0xFF000000, 0), size=56,
    image=rgb)
bmp("masks32-v5.bmp", 32, four[::-1].tobytes(), 3, masks=struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000), size=124)
core = b"BM" + struct.pack("<IHHI", 0, 0, 0, 26) + struct.pack("<IHHHH", 12, W, H, 1, 24) + b"".join(stride(r.tobytes()) for r in bgr[::-1])
write("os2.bmp", core)


# GIF: canvas, palettes, rows in passes, what comes after
def gif(name, screen=(W, H), at=(0, 0), local=False, palette=True, woven=False, control=b"", surplus=b""):
    source = io.BytesIO()
    indexed.save(source, "gif", interlace=0)
    body = source.getvalue()
    table = bytes(indexed.getpalette()[:48])
    order = [r for start, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for r in range(start, H, step)] if woven else range(H)
    codes = []  # clear before every second pixel: no code is wider than five bits
    for i, v in enumerate(index[list(order)].reshape(-1).tolist()):
        if i % 2 == 0:
            codes.append(16)
        codes.append(v)
    codes.append(17)
    number = sum(c << 5 * i for i, c in enumerate(codes))
    packed = number.to_bytes((5 * len(codes) + 7) // 8, "little") + surplus
    blocks = b"".join(bytes((len(packed[i : i + 255]),)) + packed[i : i + 255] for i in range(0, len(packed), 255))
    whole = palette and not local
    data = b"GIF89a" + struct.pack("<HHBBB", *screen, 0xF3 if whole else 0x70, 0, 0) + (table if whole else b"") + control
    data += b"," + struct.pack("<HHHHB", *at, W, H, (0x83 if local else 0) | (0x40 if woven else 0)) + (table if local else b"") + b"\4" + blocks + b"\0;"
    write(name, data)


gif("plain.gif")
gif("woven.gif", woven=True)
gif("local.gif", local=True)
gif("no-palette.gif", palette=False)
gif("beyond.gif", screen=(20, 60), at=(9, 3))
gif("offset.gif", screen=(70, 50), at=(9, 3))
gif("transparent-offset.gif", screen=(70, 50), at=(9, 3), control=b"!\xf9\4\1\0\0\5\0")
gif("surplus.gif", surplus=b"surplus data")
save("disposal.gif", indexed, save_all=True, append_images=[indexed.rotate(90), indexed.rotate(180)], duration=30, disposal=2)

# WebP
save("lossy.webp", rgb, quality=80)
save("lossless.webp", Image.fromarray(noise, "RGBA"), lossless=True, exact=True)
save("alpha.webp", rgba, quality=70, exact=True)

# JPEG
exif = Image.Exif()
exif[274] = 6
save("exif.jpg", rgb, quality=90, exif=exif)
exif[274] = 3
save("exif.png", rgb, exif=exif)
save("exif.webp", rgb, exif=exif, lossless=True)
save("icc.jpg", rgb, quality=85, icc_profile=b"\0" * 70000)
plain = io.BytesIO()
rgb.save(plain, "jpeg", quality=75, subsampling=2)
write("trailing.jpg", plain.getvalue() + b"\0\0trailing garbage\xff\xd8\xff")
write("fill-bytes.jpg", plain.getvalue().replace(b"\xff\xdb", b"\xff\xff\xff\xdb"))
for i, sampling in enumerate(("4:4:4", "4:2:2", "4:2:0", "4:1:1")):
    save(f"sampling{i}.jpg", rgb, quality=60 + 10 * i, subsampling=sampling)
    save(f"progressive{i}.jpg", rgb, quality=60 + 10 * i, subsampling=sampling, progressive=True, restart_marker_blocks=3)
save("optimised.jpg", rgb, optimize=True, quality=30)
save("restart.jpg", rgb, restart_marker_rows=1)
save("grey.jpg", grey, quality=90)
save("cmyk.jpg", Image.fromarray(smooth, "CMYK"), quality=90)
save("keep-rgb.jpg", rgb, quality=90, keep_rgb=True)
save("one-pixel.jpg", rgb.crop((0, 0, 1, 1)), subsampling=2)
save("thin.jpg", rgb.crop((0, 0, 1, 33)), subsampling=2)
save("flat.jpg", rgb.crop((0, 0, 33, 1)), subsampling=1)


# EXIF: what exif_transpose makes of it is NAME.turned.png
def turn(name):
    from PIL import ImageOps

    ImageOps.exif_transpose(Image.open(name)).convert("RGB").save(name + ".turned.png")


for o in range(1, 9):
    exif = Image.Exif()
    exif[274] = o
    save(f"turned{o}.jpg", rgb, quality=90, exif=exif)
    turn(f"turned{o}.jpg")
for name in "exif.jpg", "exif.png", "exif.webp", "plain.gif", "orient6.tif":
    turn(name)
