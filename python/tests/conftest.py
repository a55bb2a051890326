import os
import pathlib
import shutil

import pytest
from PIL import Image

import facet

SLOW = bool(os.environ.get("FACET_SLOW"))  # the files of drift take a minute and a half of processor time
ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def atlas(tmp_path_factory) -> facet.Atlas:
    """An atlas of 12 small scenes with every scalar and labels of its strongest pairs."""
    at = facet.scan("scenes:default?n=12&size=64", tmp_path_factory.mktemp("atlas") / "scenes.atlas", keep_scalars=True)
    facet.label(at, units="top:100")
    return at


@pytest.fixture(scope="session")
def picture(tmp_path_factory) -> pathlib.Path:
    """A scene as a PNG file."""
    folder = tmp_path_factory.mktemp("scenes") / "out"
    facet.run("scenes", n=1, size=64, output=folder)
    return next(f for f in sorted(folder.rglob("*.png")) if "mask" not in str(f))


@pytest.fixture(scope="session")
def folder(atlas, picture, tmp_path_factory) -> pathlib.Path:
    """The files that the pages speak of, under the names that they have there."""
    at = tmp_path_factory.mktemp("pages")
    shutil.copytree(atlas.path, at / "photos.atlas")
    shutil.copy(picture, at / "photo.png")
    Image.open(picture).convert("RGB").save(at / "photo.jpg")
    _atlases(at)
    facet.run("explain", picture, text="a yellow car", top=2, output=at / "out")
    _arrays(at)
    (at / "pairs.json").write_text('[{"neuron": 3, "head": 1}]')
    facet.run("edit", means=atlas.path, pairs=at / "pairs.json", output=at / "edited.safetensors")
    facet.run("edit", means=atlas.path, pairs=at / "pairs.json", erase_label="label", output=at / "erased.safetensors")
    _results(at)
    if SLOW:
        _drift(at)
    return at


def _atlases(at):
    facet.run("scan", "scenes:default?n=6&size=64", output=(at / "bucket" / "part-0").as_uri())
    parts = [at / "part0", at / "part1"]
    for i, part in enumerate(parts):
        facet.run("scan", "scenes:default?n=7&size=64", shard=f"{i}/2", keep_scalars=True, output=part)
    facet.run("atlas merge", *parts, output=at / "merged.atlas")
    for ending in ("parquet", "csv", "jsonl"):
        facet.run("label", at / "photos.atlas", units="top:20", output=at / f"labels.{ending}")


def _arrays(at):
    facet.run("embed", at / "photo.png", output=at / "e.npy")
    (at / "words.txt").write_text("car\ntree\nhouse\n")
    facet.run("embed", texts=at / "words.txt", output=at / "t.npy")
    facet.run("texts", at / "words.txt", output=at / "words")
    for what in ("tokens", "attention", "attentions", "scalars", "neuron:24", "lengths", "earlier"):
        facet.run("trace", at / "photo.png", what=what, output=at / f"{what.partition(':')[0]}.npy")
    facet.run("components", at / "photos.atlas", output=at / "neurons.npy")
    facet.run("components", at / "photos.atlas", unit="head", output=at / "heads.npy")


def _results(at):
    facet.run("evaluate segmentation", "scenes:default?n=3&size=64", method="nap,facet", output=at / "segmented")
    facet.run("evaluate classification", "scenes:default?n=8&size=64", output=at / "classified")
    facet.run("evaluate retrieval", f"coco:{ROOT / 'dataset/known/testdata/coco'}", output=at / "found")
    facet.run("segment", at / "photo.jpg", classes="car, tree, grass", save_logits=True, grid=True, output=at / "labelled")


def _drift(at):
    for name, seed in (("photos", 0), ("other", 1)):
        source = f"scenes:steady?n=10&size=64&seed={seed}"
        facet.run("drift profile", source, output=at / f"{name}.profile", watch="a yellow car", vary=1)
    facet.run("drift merge", at / "photos.profile", at / "other.profile", output=at / "merged.profile")
    facet.run("drift watch", at / "photos.profile", "scenes:noisy-sensor?n=20&size=64", window=20, store=at / "stream.db")
