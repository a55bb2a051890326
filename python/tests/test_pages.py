"""The Python on the pages runs."""

import os
import pathlib
import re
import shutil

import pytest
from PIL import Image

import facet

SLOW = bool(os.environ.get("FACET_SLOW"))  # the files of drift take a minute and a half of processor time
ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(atlas, picture, tmp_path_factory):
    """The files that the pages speak of."""
    at = tmp_path_factory.mktemp("pages")
    shutil.copytree(atlas.path, at / "photos.atlas")
    shutil.copy(picture, at / "photo.png")
    Image.open(picture).convert("RGB").save(at / "photo.jpg")
    facet.run("explain", picture, text="a yellow car", top=2, output=at / "out")
    facet.run("embed", picture, output=at / "e.npy")
    (at / "words.txt").write_text("car\ntree\nhouse\n")
    facet.run("texts", at / "words.txt", output=at / "words")
    (at / "pairs.json").write_text('[{"neuron": 3, "head": 1}]')
    facet.run("edit", means=atlas.path, pairs=at / "pairs.json", output=at / "edited.safetensors")
    if SLOW:
        facet.run("drift profile", "scenes:steady?n=20&size=64", output=at / "photos.profile", vary=0)
        facet.run("drift watch", at / "photos.profile", "scenes:yellow-cars?n=20&size=64", window=20, store=at / "stream.db")
    return at


@pytest.mark.parametrize("page", ["README.md", "docs/reference/files.md", "python/README.md"])
def test_page(page, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.M | re.S)
    assert blocks
    names = {}
    for block in blocks:
        if not SLOW and ("photos.profile" in block or "stream.db" in block):
            continue
        block = block.replace('model="RN50"', 'model="demo"')  # whose weights no test has
        exec(compile(block, page, "exec"), names)
    assert capsys.readouterr().out or "print" not in "".join(blocks)
