"""Writes tars/*.tar.gz and webdataset.json: what the webdataset package takes for samples in them. Run it in this folder, with webdataset.

Where facet differs on purpose it is left out: files of macOS and others whose name begins with a dot (a/._000.png, a/.png), which webdataset takes for
members of a sample a/ when they lie in a folder, and the folder __MACOSX.
"""
import io, json, os, random, tarfile

from webdataset.tariterators import group_by_keys, tar_file_iterator

PICTURES = ["jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp"]
DIRS = ["", "./", "a/", "v1.2/", "a.b/c.d/", "x/__y__/", "__meta__/", "__MACOSX/", "UPPER/", ".hidden/", "/abs/"]
STEMS = ["000", "001", "img", "._000", ".DS_Store", "__key__", "a b", "é", "", "IMG"]
ENDINGS = [".png", ".PNG", ".jpg", ".cls", ".txt", ".json", ".seg.png", ".001.png", "", ".", ".tar.gz", ".Jpeg", ".webp"]
TYPES = [tarfile.REGTYPE] * 12 + [tarfile.CONTTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.AREGTYPE]


def write(path, r):
    with tarfile.open(path, "w:gz", format=r.choice([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])) as t:
        seen, folder, stem = set(), "", "000"
        for _ in range(30):
            folder = r.choice(DIRS) if r.random() < .3 else folder
            stem = r.choice(STEMS) if r.random() < .5 else stem
            info = tarfile.TarInfo(folder + stem + r.choice(ENDINGS))
            if not info.name or info.name.endswith("/") or info.name.lower() in seen:
                continue
            seen.add(info.name.lower())
            info.type = r.choice(TYPES)
            data = b"7" if info.isreg() else b""
            info.size, info.linkname = len(data), "000.png" if info.islnk() or info.issym() else ""
            t.addfile(info, io.BytesIO(data))


def samples(path):
    with open(path, "rb") as f:
        for s in group_by_keys(({**m, "__url__": path} for m in tar_file_iterator(f))):
            if "__MACOSX" in s["__key__"] or s["__key__"].endswith("/"):
                continue
            picture = next((k for k in s if k in PICTURES), None)
            if picture:
                yield f"{s['__key__']}.{picture}"


r, found = random.Random(11), {}
os.makedirs("tars", exist_ok=True)
for i in range(40):
    name = f"{i:02}.tar.gz"
    write("tars/" + name, r)
    found[name] = list(samples("tars/" + name))
json.dump(found, open("webdataset.json", "w"), indent=1, ensure_ascii=False)
