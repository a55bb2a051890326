"""Every file that facet writes is read by the programs that people have."""

import json
import os
import sqlite3

import duckdb
import numpy as np
import pandas
import polars
import pyarrow.parquet
import pytest

import facet


@pytest.fixture(scope="module")
def written(atlas, picture, tmp_path_factory):
    """A folder with what the verbs leave behind."""
    at = tmp_path_factory.mktemp("written")
    facet.run("scenes", n=2, size=64, output=at / "scenes")
    facet.run("explain", picture, text="a car", top=2, output=at / "explain")
    facet.run("embed", picture, output=at / "e.npy")
    (at / "words.txt").write_text("car\ntree\nhouse\n")
    facet.run("texts", at / "words.txt", output=at / "bank")
    facet.run("label", atlas.path, units="top:20", output=at / "labels.parquet")
    facet.run("segment", picture, classes="car, tree", save_logits=True, output=at / "segment")
    facet.run("pairs", atlas.path, top=3, output=at / "pairs.png")
    facet.run("edit", means=atlas.path, pairs=_pairs(at), output=at / "edited.safetensors")
    return at


@pytest.fixture(scope="module")
def drifted(tmp_path_factory):
    """A folder with what drift leaves behind: a profile, a report and a store. It takes a minute and a half of processor time."""
    if not os.environ.get("FACET_SLOW"):
        pytest.skip("set FACET_SLOW=1 to read the files of drift too")
    at = tmp_path_factory.mktemp("drifted")
    facet.run("drift profile", "scenes:steady?n=20&size=64", output=at / "a.profile", vary=0)
    facet.run("drift compare", at / "a.profile", "scenes:yellow-cars?n=20&size=64", output=at / "drift.html")
    facet.run("drift watch", at / "a.profile", "scenes:yellow-cars?n=20&size=64", window=20, store=at / "drift.db")
    return at


def _pairs(at):
    (at / "pairs.json").write_text('[{"neuron": 3, "head": 1}]')
    return at / "pairs.json"


def parquet(file):
    arrow = pyarrow.parquet.read_table(file)
    columns = arrow.column_names
    pd, pl = pandas.read_parquet(file), polars.read_parquet(file)
    dd = duckdb.sql(f"SELECT * FROM read_parquet('{file}')")
    assert list(pd.columns) == pl.columns == dd.columns == columns
    assert len(pd) == pl.height == arrow.num_rows == len(dd.fetchall()) > 0
    for name in columns:  # numbers are the same in all four
        if pandas.api.types.is_numeric_dtype(pd[name]):
            want = pd[name].to_numpy()
            np.testing.assert_array_equal(want, pl[name].to_numpy())
            np.testing.assert_array_equal(want, dd.fetchnumpy()[name])
            np.testing.assert_array_equal(want, arrow[name].to_numpy())
            dd = duckdb.sql(f"SELECT * FROM read_parquet('{file}')")


def picture_file(file):
    from PIL import Image

    with Image.open(file) as image:
        image.load()


def sqlite(file):
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert sum(db.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables) > 0


def safetensors(file):
    data = file.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    assert max(t["data_offsets"][1] for name, t in header.items() if name != "__metadata__") == len(data) - 8 - size


READERS = {
    ".parquet": parquet,
    ".npy": lambda f: np.load(f, allow_pickle=False),
    ".json": lambda f: json.loads(f.read_text(encoding="utf-8")),
    ".jsonl": lambda f: [json.loads(line) for line in f.read_text(encoding="utf-8").splitlines()],
    ".txt": lambda f: f.read_text(encoding="utf-8"),
    ".html": lambda f: f.read_text(encoding="utf-8").index("</html>"),
    ".png": picture_file,
    ".jpg": picture_file,
    ".db": sqlite,
    ".safetensors": safetensors,
}


def test_every_file_is_read(written, atlas):
    seen = read_all(written) | read_all(atlas.path)
    assert seen >= {".parquet", ".npy", ".json", ".png", ".safetensors", ".txt"}, seen


def test_files_of_drift_are_read(drifted):
    seen = read_all(drifted)
    assert seen >= {".npy", ".json", ".html", ".db"}, seen


def read_all(*folders):
    seen = set()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_dir() or file.name.startswith(".") or file.suffix == ".lock":
                continue
            assert file.suffix in READERS, f"{file}: no reader for it"
            try:
                READERS[file.suffix](file)
            except Exception as e:
                raise AssertionError(f"{file.relative_to(folder)}: {e}") from e
            seen.add(file.suffix)
    return seen


def test_atlas(atlas):
    frame = atlas.pairs.pandas()
    lazy = atlas.pairs.polars()
    assert isinstance(lazy, polars.LazyFrame)
    assert len(frame) == lazy.collect().height == atlas.pairs.arrow().num_rows
    assert list(atlas.pairs.pandas(columns=["neuron", "head"]).columns) == ["neuron", "head"]
    assert len(atlas.images.pandas()) == 12 == len(atlas.scalars)
    assert {"head", "neuron", "mean", "variance", "score"} <= set(frame.columns)
    # The table's means are those of the scalars, stored in half precision.
    mean = np.asarray(atlas.scalars, dtype=np.float64).mean(axis=0)
    np.testing.assert_allclose(mean[frame["head"], frame["neuron"]], frame["mean"], rtol=5e-3, atol=5e-3)
    assert atlas.labels.polars().select("neuron", "head").unique().collect().height == 100
    assert "<table" in atlas.pairs._repr_html_()


def test_merged_atlas(tmp_path):
    """The images of a merged atlas lie in several files, and count on from one to the next."""
    parts = [facet.scan("scenes:default?n=7&size=64", tmp_path / str(i), shard=f"{i}/2") for i in range(2)]
    facet.run("atlas merge", parts[1].path, parts[0].path, output=tmp_path / "merged")
    images = facet.Atlas(tmp_path / "merged").images
    assert len(images.files) == 2
    paths = [p for part in parts for p in part.images.pandas()["path"]]
    assert images.pandas()["path"].to_list() == images.polars().collect()["path"].to_list() == paths
    for numbers in (images.pandas()["image"], images.polars().collect()["image"], images.arrow()["image"].to_pandas()):
        assert list(numbers) == list(range(7)) and str(numbers.dtype).lower() == "uint32"
    assert list(images.pandas(columns=["path"]).columns) == ["path"]


def test_atlas_is_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="atlas.json"):
        facet.Atlas(tmp_path)
