"""The pages on files name every column, array and field that is there, with its type and shape, and none that is not."""

import csv
import functools
import json
import re
import sqlite3

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from conftest import ROOT, SLOW

PAGES = sorted((ROOT / "docs/reference/files").glob("*.md"))


@functools.cache
def tables(page):
    """The tables of a page whose rows are columns, fields or arrays: by heading and kind, the cells of each row."""
    found, heading, kind = {}, "", ""
    for line in (ROOT / "docs/reference/files" / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").replace("`", "")
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if not cells:
            kind = ""
        elif not kind:
            kind = cells[0] if cells[0] in ("column", "field", "array") else "other"
            if kind != "other":
                assert (heading, kind) not in found, f"{page}: two tables of {kind}s below {heading}"
                found[heading, kind] = []
        elif kind != "other" and not set(cells[0]) <= set("-"):
            found[heading, kind].append(cells)
    return found


def documented(page, heading, kind):
    """The names of a table, and the second cell of each: a type, or a dtype with the shape behind it."""
    rows = {}
    for first, *others in tables(page)[heading, kind]:
        for name in re.findall(r"`([^`]+)`", first):
            assert name not in rows, f"{page}: {name} stands twice below {heading}"
            rows[name] = tuple(others[:2]) if kind == "array" else others[0]
    return rows


# Tables of columns: files whose columns are those, in their order.
PARQUET = {
    ("atlas.md", "pairs.parquet"): ["photos.atlas/pairs.parquet", "merged.atlas/pairs.parquet"],
    ("atlas.md", "neurons.parquet"): ["photos.atlas/neurons.parquet", "merged.atlas/neurons.parquet"],
    ("atlas.md", "images.parquet"): ["photos.atlas/images.parquet", "merged.atlas/images/part-00001.parquet"],
    ("atlas.md", "top_images.parquet"): ["photos.atlas/top_images.parquet", "merged.atlas/top_images.parquet"],
    ("atlas.md", "moment_sums.parquet"): ["merged.atlas/moment_sums.parquet"],
    ("labels.md", "labels.parquet"): ["photos.atlas/labels.parquet", "labels.parquet"],
}
CSV = {
    ("labels.md", "labels.csv"): "labels.csv",
    ("results.md", "segmented/classes.csv"): "segmented/classes.csv",
    ("results.md", "segmented/images.csv"): "segmented/images.csv",
    ("results.md", "classified/classes.csv"): "classified/classes.csv",
}
STORE = ["stream", "images", "files", "windows", "alerts", "accepted"]
# Tables of fields: objects of which some have each field.
FIELDS = {
    ("arrays.md", "bank.json"): lambda at: [read(at / "words/bank.json")],
    ("atlas.md", "atlas.json"): lambda at: [read(at / a / "atlas.json") for a in ("photos.atlas", "merged.atlas")],
    ("labels.md", "Labels in atlas.json"): lambda at: [read(at / "photos.atlas/atlas.json")["labels"]],
    ("edited.md", "pairs.json"): lambda at: [read(at / "pairs.json")],
    ("edited.md", "edit.json"): lambda at: [read(at / f"{e}.safetensors.edit.json") for e in ("edited", "erased")],
    ("results.md", "Journals"): lambda at: [journal(at / r)[0] for r in ("segmented", "classified", "found")],
    ("results.md", "segmented/journal.jsonl"): lambda at: journal(at / "segmented")[1:],
    ("results.md", "classified/journal.jsonl"): lambda at: journal(at / "classified")[1:],
    ("results.md", "found/journal.jsonl"): lambda at: journal(at / "found")[1:],
}
FIELDS_OF_DRIFT = {
    ("profile.md", "profile.json"): lambda at: [read(at / p / "profile.json") for p in ("photos.profile", "merged.profile")],
    ("store.md", "Settings"): lambda at: [json.loads(value(at / "stream.db", "SELECT settings FROM stream WHERE id = 1"))],
}
# Tables of arrays: folders with those arrays and no others, and the numbers that their shapes speak of.
ARRAYS = {
    ("atlas.md", "Arrays"): [("photos.atlas", {"N": 12})],
    ("explanation.md", "Arrays"): [("out", {})],
    ("arrays.md", "Embeddings"): [(".", {"N": 1, "T": 3})],
    ("arrays.md", "A bank"): [("words", {"T": 3})],
    ("arrays.md", "Traces and components"): [(".", {"N": 1, "R": 4, "J": 1})],
    ("results.md", "A segmentation"): [("labelled", {"H": 64, "W": 64})],
}
ARRAYS_OF_DRIFT = {("profile.md", "Arrays"): [("photos.profile", {"n": 100}), ("merged.profile", {"n": 200})]}


def test_every_table_is_checked():
    found = {(page.name, *key) for page in PAGES for key in tables(page.name)}
    checked = {(*key, "column") for key in (*PARQUET, *CSV)} | {("store.md", table, "column") for table in STORE}
    checked |= {(*key, "field") for key in (*FIELDS, *FIELDS_OF_DRIFT)}
    checked |= {(*key, "array") for key in (*ARRAYS, *ARRAYS_OF_DRIFT)}
    assert found == checked


def arrow(kind):
    """A type of Arrow in the words of the pages."""
    if pyarrow.types.is_list(kind):
        return f"list of {arrow(kind.value_type)}"
    words = {"double": "float64", "float": "float32", "bool": "boolean", "string": "text"}
    words["timestamp[us, tz=UTC]"] = "time, µs, UTC"
    return words.get(str(kind), str(kind))


@pytest.mark.parametrize("key", PARQUET, ids="/".join)
def test_columns_of_parquet(key, folder):
    for file in PARQUET[key]:
        schema = pyarrow.parquet.read_schema(folder / file)
        assert list(documented(*key, "column").items()) == [(f.name, arrow(f.type)) for f in schema]


def test_every_parquet_has_a_table(folder):
    written = {f.relative_to(folder).as_posix() for f in folder.rglob("*.parquet")}
    named = {f for files in PARQUET.values() for f in files}
    bare = {re.sub(r"^(part\d|bucket/part-0/tables-\w+|merged.atlas)/", "photos.atlas/", f) for f in written - named}
    assert {re.sub("images/part-0000.", "images", f) for f in bare} <= named


@pytest.mark.parametrize("key", CSV, ids="/".join)
def test_columns_of_csv(key, folder):
    with open(folder / CSV[key], encoding="utf-8", newline="") as f:
        header = next(csv.reader(f))
    assert list(documented(*key, "column")) == header


@pytest.mark.parametrize("table", STORE)
def test_columns_of_the_store(table, slow):
    words = {"INTEGER": "whole number", "BIGINT": "whole number", "TEXT": "text", "BLOB": "bytes"}
    with sqlite3.connect(f"file:{slow / 'stream.db'}?mode=ro", uri=True) as db:
        columns = db.execute(f"PRAGMA table_info({table})").fetchall()
    want = [(name, words[kind] + ("" if needed or key else ", or null")) for _, name, kind, needed, _, key in columns]
    assert list(documented("store.md", table, "column").items()) == want


def test_every_table_of_the_store_is_named(slow):
    with sqlite3.connect(f"file:{slow / 'stream.db'}?mode=ro", uri=True) as db:
        found = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert found - {"sqlite_sequence", "goose_db_version"} == set(STORE)
    assert value(slow / "stream.db", "SELECT count(*) FROM alerts") > 0
    version = value(slow / "stream.db", "SELECT max(version_id) FROM goose_db_version")
    assert f"is the version of the store: {version}." in (ROOT / "docs/reference/files/store.md").read_text(encoding="utf-8")


@pytest.fixture
def slow(folder):
    if not SLOW:
        pytest.skip("set FACET_SLOW=1 to read the files of drift too")
    return folder


def read(file):
    return json.loads(file.read_text(encoding="utf-8"))


def journal(at):
    return [json.loads(line) for line in (at / "journal.jsonl").read_text(encoding="utf-8").splitlines()]


def value(file, query):
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        return db.execute(query).fetchone()[0]


def fields(of, rows, path=""):
    """The fields of an object by their paths, down to those that a page has a row for. Of a list, those of its items."""
    row = rows.get(path)
    if row is not None:
        check_type(path, of, row)
        yield path
    if isinstance(of, list) and (row is None or row.split(", or")[0] == "list"):
        for item in of:
            yield from fields(item, rows, path + "[]")
    elif isinstance(of, dict) and row is None:
        for name, part in of.items():
            yield from fields(part, rows, f"{path}.{name}" if path else name)
    elif row is None:
        yield path


def check_type(path, of, row):
    kind, _, other = row.partition(", or ")
    if of is None:
        assert other == "null", f"{path} is null, and the page says {row}"
        return
    words = {"text": str, "whole number": int, "number": (int, float), "true or false": bool, "object": dict}
    want = list if kind.startswith("list") else words.get(kind, dict)  # a link leads to an object
    assert isinstance(of, want) and isinstance(of, bool) == (want is bool), f"{path} is {of!r}, and the page says {row}"


def check_fields(key, objects):
    rows = documented(*key, "field")
    found = {path for of in objects for path in fields(of, rows)}
    assert found <= set(rows), "the page lacks these"
    assert {path for path, row in rows.items() if not row.endswith("absent")} <= found, "the page has too many"


@pytest.mark.parametrize("key", FIELDS, ids="/".join)
def test_fields(key, folder):
    check_fields(key, FIELDS[key](folder))


@pytest.mark.parametrize("key", FIELDS_OF_DRIFT, ids="/".join)
def test_fields_of_drift(key, slow):
    check_fields(key, FIELDS_OF_DRIFT[key](slow))


def shape(text, numbers):
    """[C,M(M+1)/2] with numbers for its letters."""
    times = re.sub(r"(?<=[\w)])(?=[A-Za-z(])", "*", text.strip("[]").replace("·", "*").replace("/", "//"))
    return tuple(eval(part, {}, numbers) for part in times.split(","))


def check_arrays(key, folder, at, numbers):
    config = read(folder / "photos.atlas/atlas.json")["model"]["config"]
    M, C, D = config["heads"], config["channels"], config["embed"]
    numbers = {"M": M, "C": C, "D": D, "d": C // M, "P": M * C, "K": (config["image"] // 32) ** 2} | numbers
    rows = documented(*key, "array")
    for name, (dtype, text) in rows.items():
        file = folder / at / (re.sub(r"--what (\w+).*", r"\1", name).removesuffix(".npy") + ".npy")
        if name == "moment_sums.npy" and at == "photos.profile":
            continue  # which is of a merged profile
        array = np.load(file, mmap_mode="r")
        assert (array.dtype, array.shape) == (np.dtype(dtype), shape(text, numbers)), name
    if at not in (".", "labelled"):
        assert {f.name for f in (folder / at).glob("*.npy")} <= set(rows)


@pytest.mark.parametrize("key", ARRAYS, ids="/".join)
def test_arrays(key, folder):
    for at, numbers in ARRAYS[key]:
        check_arrays(key, folder, at, numbers)


@pytest.mark.parametrize("key", ARRAYS_OF_DRIFT, ids="/".join)
def test_arrays_of_drift(key, slow):
    for at, numbers in ARRAYS_OF_DRIFT[key]:
        header = read(slow / at / "profile.json")
        counts = {"S": len(header["strong"]), "W": len(header["watched"]), "Q": len(header["qualities"])}
        check_arrays(key, slow, at, numbers | counts)
