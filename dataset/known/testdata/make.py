"""Makes the fixtures beside it: every data set in the layout it is published in, with a few small pictures of the demo world.

    facet scenes -n 12 --seed 7 --size 96 -o SCENES
    pip install numpy scipy pillow; python3 make.py SCENES

Outside imagefolder the pictures are not what the classes say. Labels are chosen so that a reader that mixes up orders, offsets or planes is found out: see known_test.go.
"""
import io
import json
import pathlib
import pickle
import shutil
import struct
import sys

import numpy as np
from PIL import Image
from scipy.io import savemat

here = pathlib.Path(__file__).parent
scenes = [Image.open(p).convert("RGB") for p in sorted(pathlib.Path(sys.argv[1], "images").rglob("*.png"), key=lambda p: p.name)]
rng = np.random.default_rng(0)


def clean(name):
    shutil.rmtree(here / name, ignore_errors=True)
    (here / name).mkdir(parents=True)
    return here / name


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def picture(path, i, size=64):
    path.parent.mkdir(parents=True, exist_ok=True)
    scenes[i].resize((size, size)).save(path, format={".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".ppm": "PPM"}[path.suffix.lower()])


def array(i, size):
    return np.asarray(scenes[i].resize((size, size)), np.uint8)


def imagefolder():
    d = clean("imagefolder")
    for i, folder in {0: "star", 2: "butterfly", 3: "van", 6: "hot-air_balloon", 7: "butterfly"}.items():  # what is in them
        picture(d / folder / f"{i}.png", i, 96)
    d = clean("synsets")
    for i, folder in enumerate(["n02123045", "n01440764", "n02123045"]):
        picture(d / folder / f"{i}.JPEG", i)


def pickled(fields):
    """A dict as Python 2's cPickle wrote it with protocol 2: strings are bytes, and an array is built from its raw bytes."""
    out = io.BytesIO()
    memo = 0

    def put():
        nonlocal memo
        out.write(b"q" + bytes([memo]) if memo < 256 else b"r" + struct.pack("<I", memo))
        memo += 1

    def string(s):
        out.write(b"U" + bytes([len(s)]) + s if len(s) < 256 else b"T" + struct.pack("<I", len(s)) + s)
        put()

    def number(n):
        out.write(b"K" + bytes([n]) if n < 256 else b"M" + struct.pack("<H", n) if n < 65536 else b"J" + struct.pack("<i", n))

    def value(v):
        if isinstance(v, bytes):
            string(v)
        elif isinstance(v, int):
            number(v)
        elif isinstance(v, list):
            out.write(b"]")
            put()
            out.write(b"(")
            for x in v:
                value(x)
            out.write(b"e")
        else:
            out.write(b"cnumpy.core.multiarray\n_reconstruct\n")
            put()
            out.write(b"cnumpy\nndarray\n")
            put()
            out.write(b"K\x00\x85")
            put()
            out.write(b"U\x01b\x87")
            put()
            out.write(b"Rq" + bytes([memo]) + b"(K\x01")
            number(v.shape[0])
            number(v.shape[1])
            out.write(b"\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89")
            string(v.tobytes())
            out.write(b"tb")

    out.write(b"\x80\x02}")
    put()
    out.write(b"(")
    for k, v in fields.items():
        string(k.encode())
        value(v)
    out.write(b"u.")
    data = out.getvalue()
    for k, v in pickle.loads(data, encoding="bytes").items():  # Python reads what was meant
        assert np.array_equal(v, fields[k.decode()]), k
    return data


def cifar():
    rows = np.stack([array(i, 32).transpose(2, 0, 1).ravel() for i in range(3)])
    ten, fine, coarse = [3, 9, 0], [99, 0, 42], [13, 4, 8]
    names10 = "airplane automobile bird cat deer dog frog horse ship truck".split()
    names100 = [line.split("\t")[0] for line in (here.parent / "protocol/cifar100.txt").read_text().splitlines() if not line.startswith("#")]
    d = clean("cifar10")
    write(d / "cifar-10-batches-bin/test_batch.bin", b"".join(bytes([t]) + r.tobytes() for t, r in zip(ten, rows)))
    write(d / "cifar-10-batches-bin/batches.meta.txt", "\n".join(names10) + "\n\n")
    d = clean("cifar100")
    write(d / "cifar-100-binary/test.bin", b"".join(bytes([c, f]) + r.tobytes() for c, f, r in zip(coarse, fine, rows)))
    write(d / "cifar-100-binary/fine_label_names.txt", "\n".join(names100) + "\n")
    files = [b"domestic_cat_s_000907.png", b"truck_s_1.png", b"airplane_s_2.png"]
    d = clean("cifar10-python")
    write(d / "cifar-10-batches-py/test_batch", pickled({"batch_label": b"testing batch 1 of 1", "labels": ten, "data": rows, "filenames": files}))
    write(d / "cifar-10-batches-py/batches.meta", pickled({"num_cases_per_batch": 10000, "label_names": [n.encode() for n in names10], "num_vis": 3072}))
    d = clean("cifar100-python")
    write(d / "cifar-100-python/test", pickled({"filenames": files, "batch_label": b"testing batch 1 of 1", "fine_labels": fine, "coarse_labels": coarse, "data": rows}))
    write(d / "cifar-100-python/meta", pickled({"fine_label_names": [n.encode() for n in names100], "coarse_label_names": [b"aquatic_mammals"]}))


def stl10():
    d = clean("stl10") / "stl10_binary"
    write(d / "test_X.bin", b"".join(array(i, 96).transpose(2, 1, 0).tobytes() for i in range(2)))  # column by column
    write(d / "test_y.bin", bytes([10, 1]))
    write(d / "class_names.txt", "airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n")


def voc2007():
    d = clean("voc2007") / "VOCdevkit/VOC2007"
    classes = "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep sofa train tvmonitor".split()
    names = ["000001", "000002", "000004"]
    # of each picture its objects: class, difficult, box
    objects = {
        "000001": [("dog", 0, (9, 17, 40, 60)), ("person", 0, (1, 1, 64, 64))],
        "000002": [("train", 0, (20, 10, 64, 30))],
        "000004": [("car", 1, (5, 5, 12, 12)), ("car", 0, (30, 31, 50, 62)), ("person", 1, (2, 2, 6, 20))],
    }
    write(d / "ImageSets/Main/test.txt", "".join(n + "\n" for n in names))
    for c in classes:
        lines = ""
        for n in names:
            mine = [difficult for k, difficult, _ in objects[n] if k == c]
            lines += f"{n} {-1 if not mine else 0 if all(mine) else 1:2d}\n"
        write(d / f"ImageSets/Main/{c}_test.txt", lines)
    for i, n in enumerate(names):
        picture(d / f"JPEGImages/{n}.jpg", i)
        body = "".join(
            f"\t<object>\n\t\t<name>{k}</name>\n\t\t<pose>Left</pose>\n\t\t<truncated>1</truncated>\n\t\t<difficult>{diff}</difficult>\n"
            f"\t\t<bndbox>\n\t\t\t<xmin>{x0}</xmin>\n\t\t\t<ymin>{y0}</ymin>\n\t\t\t<xmax>{x1}</xmax>\n\t\t\t<ymax>{y1}</ymax>\n\t\t</bndbox>\n"
            "\t\t<part>\n\t\t\t<name>head</name>\n\t\t\t<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>\n\t\t</part>\n\t</object>\n"
            for k, diff, (x0, y0, x1, y1) in objects[n])
        write(d / f"Annotations/{n}.xml",
              f"<annotation>\n\t<folder>VOC2007</folder>\n\t<filename>{n}.jpg</filename>\n\t<size><width>64</width><height>64</height><depth>3</depth></size>\n{body}</annotation>\n")


def pets():
    d = clean("pets")
    listed = [("Abyssinian_201", 1, 1, 1), ("yorkshire_terrier_190", 37, 2, 25), ("staffordshire_bull_terrier_7", 35, 2, 23), ("Bengal_12", 6, 1, 2)]
    write(d / "annotations/test.txt", "".join("%s %d %d %d\n" % line for line in listed))
    write(d / "annotations/trainval.txt", "Abyssinian_100 1 1 1\n")
    for i, line in enumerate(listed):
        picture(d / f"images/{line[0]}.jpg", i)


def flowers102():
    d = clean("flowers102") / "flowers-102"
    labels = np.array([[77, 102, 1, 5, 30]], np.uint8)
    d.mkdir()
    savemat(d / "imagelabels.mat", {"labels": labels}, do_compression=True)
    savemat(d / "setid.mat", {"trnid": np.array([[4]], np.uint16), "valid": np.array([[5]], np.uint16), "tstid": np.array([[3, 1, 2]], np.uint16)}, do_compression=True)
    for i in range(5):
        picture(d / f"jpg/image_{i + 1:05d}.jpg", i)


def cars():
    d = clean("cars") / "stanford_cars"
    names = [line.split("\t")[1] for line in (here.parent / "protocol/cars.txt").read_text().splitlines() if not line.startswith("#")]
    names[1] = "Acura RL-Sedan, 2012"  # the devkit's own spelling differs a little
    kind = [(n, object) for n in ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname")]
    listed = [(181, "00001.jpg"), (2, "00002.jpg"), (196, "00003.jpg")]
    annotations = np.array([tuple([np.array([[v]], np.uint8) for v in (3, 4, 60, 61)] + [np.array([[c]], np.uint8), f]) for c, f in listed], kind)[None]
    (d / "devkit").mkdir(parents=True)
    savemat(d / "cars_test_annos_withlabels.mat", {"annotations": annotations}, do_compression=True)
    cells = np.empty((1, 196), object)
    cells[0] = names
    savemat(d / "devkit/cars_meta.mat", {"class_names": cells})
    for i, (_, f) in enumerate(listed):
        picture(d / "cars_test" / f, i)


def dtd():
    d = clean("dtd") / "dtd"
    listed = ["zigzagged/zigzagged_0064.jpg", "banded/banded_0002.jpg", "polka-dotted/polka-dotted_0038.jpg"]
    write(d / "labels/test1.txt", "".join(n + "\n" for n in listed))
    for i, n in enumerate(listed):
        picture(d / "images" / n, i)


def eurosat():
    d = clean("eurosat") / "2750"
    for i, n in enumerate(["SeaLake/SeaLake_1.jpg", "AnnualCrop/AnnualCrop_1.jpg", "HerbaceousVegetation/HerbaceousVegetation_9.jpg"]):
        picture(d / n, i)


def gtsrb():
    d = clean("gtsrb")
    listed = [("00000.ppm", 16), ("00001.ppm", 0), ("00002.ppm", 42)]
    write(d / "GT-final_test.csv", "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\r\n" + "".join(f"{n};32;32;5;5;28;28;{c}\r\n" for n, c in listed))
    for i, (n, _) in enumerate(listed):
        picture(d / "GTSRB/Final_Test/Images" / n, i, 32)


def imagenet():
    wnids = [line.split("\t")[0] for line in (here.parent / "protocol/imagenet.txt").read_text().splitlines() if not line.startswith("#")]
    listed = [wnids[999], wnids[0], wnids[281]]
    files = [f"ILSVRC2012_val_{i + 1:08d}.JPEG" for i in range(3)]
    d = clean("imagenet-devkit")
    ids = rng.permutation(1000)  # the devkit numbers synsets in an order of its own
    number = {wnids[k]: int(v) + 1 for k, v in enumerate(ids)}
    kind = [(n, object) for n in ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height", "num_train_images")]
    order = sorted(wnids, key=number.get)
    one = lambda v, t: np.array([[v]], t)
    rows = [(one(number[w], np.float64), w, "words of " + w, "gloss", one(0, np.uint8), np.zeros((0, 0)), one(0, np.uint8), one(1300, np.uint16)) for w in order]
    rows.append((one(1001, np.float64), "n00001740", "entity", "an inner node", one(2, np.uint8), np.array([[1, 2]], np.float64), one(5, np.uint8), one(0, np.uint16)))
    synsets = np.array(rows, kind)[:, None]
    (d / "ILSVRC2012_devkit_t12/data").mkdir(parents=True)
    savemat(d / "ILSVRC2012_devkit_t12/data/meta.mat", {"synsets": synsets}, do_compression=True)
    write(d / "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt", "".join(f"{number[w]}\n" for w in listed))
    for i, f in enumerate(files):
        picture(d / "val" / f, i)
    d = clean("imagenet-folders")
    for i, (w, f) in enumerate(zip(listed, files)):
        picture(d / "val" / w / f, i)
    d = clean("imagenet-list")
    write(d / "val.txt", "".join(f"{f} {wnids.index(w)}\n" for w, f in zip(listed, files)))
    for i, f in enumerate(files):
        picture(d / "val" / f, i)
    d = clean("imagenet-kaggle")
    write(d / "LOC_val_solution.csv", "ImageId,PredictionString\n" + "".join(f"{f[:-5]},{w} 85 1 49 62 {w} 1 2 3 4 \n" for w, f in reversed(list(zip(listed, files)))))
    for i, f in enumerate(files):
        picture(d / "ILSVRC/Data/CLS-LOC/val" / f, i)


def karpathy():
    captions = [["a castle on grass", "a small  castle , seen from far away ."], ["an oak tree in snow", "a tree", "a green tree."], ["a cat"], ["a bus on a road", "a red bus"]]

    def images(folder=None, splits=("test", "train", "test", "val")):
        out, sent = [], 0
        for i, (texts, split) in enumerate(zip(captions, splits)):
            image = {"sentids": list(range(sent, sent + len(texts))), "imgid": i,
                     "sentences": [{"tokens": t.split(), "raw": t, "imgid": i, "sentid": sent + k} for k, t in enumerate(texts)],
                     "split": split, "filename": f"{i}_picture.jpg"}
            if folder:
                image |= {"filepath": folder, "cocoid": 100 + i}
            sent += len(texts)
            out.append(image)
        return out

    for name, folder, where in (("flickr8k", None, "Flicker8k_Dataset"), ("flickr30k", None, "flickr30k-images"), ("coco", "val2014", "val2014")):
        d = clean(name)
        write(d / f"dataset_{name}.json", json.dumps({"images": images(folder, ("test", "test", "test", "val") if name == "coco" else ("test", "train", "test", "val")), "dataset": name}))
        for i in range(4):
            picture(d / where / f"{i}_picture.jpg", i)


for make in (imagefolder, cifar, stl10, voc2007, pets, flowers102, cars, dtd, eurosat, gtsrb, imagenet, karpathy):
    make()
