"""Makes the small pictures of this folder and, beside each, what Pillow's open(…).convert("RGB") gives, as NAME.ppm.

    python3 make.py        # Pillow 9.4 and NumPy; run in this folder
"""
import struct

import numpy as np
from PIL import Image

noise = np.random.default_rng(1).integers(0, 256, (9, 13, 4), dtype=np.uint8)
y, x = np.mgrid[0:24, 0:31]
smooth = np.stack([x * 8, y * 10, (x + y) * 4, x * 8], -1).astype(np.uint8)


def truth(name, image=None):
    (image or Image.open(name)).convert("RGB").save(name + ".ppm")


def save(name, image, **options):
    image.save(name, **options)
    truth(name)


def indexed(pixels):
    return Image.fromarray(pixels[..., :3]).quantize(16)


def first_frame(gif):
    """Where the first image descriptor of a GIF starts."""
    i = 13 + ((3 << ((gif[10] & 7) + 1)) if gif[10] & 128 else 0)
    while gif[i] == 0x21:
        i += 2
        while gif[i]:
            i += gif[i] + 1
        i += 1
    return i


def offset(name, source):
    """A frame that covers a part of its canvas only."""
    gif = bytearray(open(source, "rb").read())
    w, h = struct.unpack("<HH", gif[6:10])
    struct.pack_into("<HH", gif, 6, w + 5, h + 4)
    struct.pack_into("<HH", gif, first_frame(gif) + 1, 2, 1)
    open(name, "wb").write(gif)
    truth(name)


rgb, rgba = Image.fromarray(noise[..., :3]), Image.fromarray(noise, "RGBA")
save("rgba.png", rgba)
save("grey-alpha.png", Image.fromarray(noise[..., :2], "LA"))
save("palette-transparent.png", indexed(noise), transparency=3)
deep = noise[..., 0].astype(np.uint16) * 256 + noise[..., 1]
Image.fromarray(deep).save("grey16.png")
truth("grey16.png", Image.fromarray((deep >> 8).astype(np.uint8)))  # Pillow itself saturates 16 bits
save("palette.gif", indexed(noise))
save("transparent.gif", indexed(noise), transparency=3)
save("animation.gif", indexed(noise), save_all=True, append_images=[indexed(255 - noise)], duration=50)
offset("offset.gif", "palette.gif")
offset("offset-transparent.gif", "transparent.gif")
save("rgb.bmp", rgb)
save("palette.bmp", indexed(noise))
save("lzw.tif", rgb, compression="tiff_lzw")
save("rgba.tif", rgba)
save("lossless.webp", rgba, lossless=True, exact=True)
save("lossy.webp", Image.fromarray(smooth[..., :3]), quality=80)
save("lossy-alpha.webp", Image.fromarray(smooth, "RGBA"), quality=80, exact=True)
save("444.jpg", Image.fromarray(smooth[..., :3]), quality=90, subsampling=0)
save("422.jpg", Image.fromarray(smooth[..., :3]), quality=90, subsampling=1)
save("420.jpg", Image.fromarray(smooth[..., :3]), quality=90, subsampling=2)
save("grey.jpg", Image.fromarray(smooth[..., 0]))
save("cmyk.jpg", Image.fromarray(smooth, "CMYK"), quality=95)
Image.fromarray(smooth[..., :3]).save("animation.webp", save_all=True, append_images=[Image.fromarray(255 - smooth[..., :3])])
