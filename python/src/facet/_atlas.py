"""Reads what facet scan leaves behind."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any, Sequence, Union

import numpy as np
import numpy.typing as npt

Path = Union[str, "os.PathLike[str]"]


class Table:
    """A table of an atlas. Nothing is read until you ask for it as polars(), pandas() or arrow()."""

    def __init__(self, name: str, files: Sequence[pathlib.Path], numbered: str | None = None):
        self.name = name
        #: The Parquet files of the table, in order.
        self.files = list(files)
        # The column with the row's number. It begins at 0 in every file, and counts on over all of them here.
        self._numbered = numbered

    def polars(self) -> Any:
        """A polars LazyFrame: .collect() reads it."""
        import polars

        frame = polars.scan_parquet([os.fspath(f) for f in self.files])
        return frame.drop(self._numbered).with_row_index(self._numbered) if self._numbered else frame

    def pandas(self, columns: Sequence[str] | None = None) -> Any:
        """A pandas DataFrame, of some columns or all."""
        import pandas

        parts = [pandas.read_parquet(f, columns=list(columns) if columns else None) for f in self.files]
        frame = parts[0] if len(parts) == 1 else pandas.concat(parts, ignore_index=True)
        if self._numbered in frame.columns:
            frame[self._numbered] = np.arange(len(frame), dtype=np.uint32)
        return frame

    def arrow(self, columns: Sequence[str] | None = None) -> Any:
        """A pyarrow Table, of some columns or all."""
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.concat_tables([pyarrow.parquet.read_table(f, columns=list(columns) if columns else None) for f in self.files])
        if self._numbered in table.column_names:
            numbers = pyarrow.array(np.arange(table.num_rows, dtype=np.uint32))
            table = table.set_column(table.column_names.index(self._numbered), self._numbered, numbers)
        return table

    def __repr__(self) -> str:
        return f"<facet.Table {self.name}: {', '.join(os.fspath(f) for f in self.files)}>"

    def _repr_html_(self) -> str:
        for head in (self._polars_head, self._pandas_head):
            try:
                html: str = head()._repr_html_()
                return html
            except ImportError:
                continue
        return f"<code>{self!r}</code>"

    def _polars_head(self) -> Any:
        return self.polars().head(10).collect()

    def _pandas_head(self) -> Any:
        return self.pandas().head(10)


class Atlas:
    """The folder that facet scan wrote."""

    def __init__(self, path: Path):
        self.path = pathlib.Path(path)
        file = self.path / "atlas.json"
        if not file.is_file():
            raise FileNotFoundError(f"{self.path}: no atlas: expected a folder with atlas.json, as facet scan writes it")
        #: What atlas.json holds: model, data sets, options, counts, skipped files.
        self.info: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))

    @property
    def pairs(self) -> Table:
        """A row for each pair: mean and variance of its scalar, length of its direction, score."""
        return self._table("pairs")

    @property
    def neurons(self) -> Table:
        """A row for each neuron."""
        return self._table("neurons")

    @property
    def images(self) -> Table:
        """A row for each picture: path, label, embedding and more."""
        return self._table("images", numbered="image")

    @property
    def top_images(self) -> Table:
        """The pictures in which a pair is strongest and weakest."""
        return self._table("top_images")

    @property
    def labels(self) -> Table:
        """The words of pairs. facet label makes them."""
        return self._table("labels")

    @property
    def scalars(self) -> npt.NDArray[np.float16]:
        """The scalar of every pair in every picture, [pictures, heads, neurons]. Read from disk as you index it. The scan needs keep_scalars=True."""
        file = self.path / "scalars.npy"
        if not file.is_file():
            raise FileNotFoundError(f"{self.path}: no scalars: scan with keep_scalars=True")
        array: npt.NDArray[np.float16] = np.load(file, mmap_mode="r")
        return array

    def _table(self, name: str, numbered: str | None = None) -> Table:
        whole, parts = self.path / f"{name}.parquet", sorted((self.path / name).glob("*.parquet"))
        if whole.is_file():
            return Table(name, [whole])
        if parts:
            return Table(name, parts, numbered)
        hint = ": facet.label(atlas) makes them" if name == "labels" else ""
        raise FileNotFoundError(f"{self.path}: the atlas has no table {name}{hint}")

    def __repr__(self) -> str:
        return f"facet.Atlas({os.fspath(self.path)!r})"
