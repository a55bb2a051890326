"""The verbs of facet as functions."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import tempfile
from typing import Any, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _html, answers
from ._atlas import Atlas
from ._decode import build
from ._run import run

Path = Union[str, "os.PathLike[str]"]


def ask(verb: str, *args: Any, **options: Any) -> Any:
    """Asks any verb that has an answer: ask("search", "a yellow car", top=5) is an answers.Search. Options are facet's flags, with _ for -.

    facet drift watch prints an answer for each window: it gives a list. A verb whose answer is a file of its own, such as scan, gives a dict.
    """
    kind = _kind(verb, options)
    out = run(verb, *args, json=True, **options)
    if verb == "drift watch":
        return [build(answers.ANSWERS[verb], v) for v in _documents(out)]
    value = json.loads(out)
    return build(kind, value) if kind and isinstance(value, dict) else value


def _kind(verb: str, options: dict[str, Any]) -> type | None:
    """The class of an answer. Some verbs answer otherwise with a flag: tree --all."""
    for name in options:
        if options[name] not in (None, False) and (kind := answers.ANSWERS.get(f"{verb} --{name.replace('_', '-')}")):
            return kind
    return answers.ANSWERS.get(verb)


def _documents(text: str) -> list[Any]:
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


@dataclasses.dataclass(kw_only=True)
class Explained(answers.Explanation):
    """The answer of explain, with its files. It shows itself in Jupyter, as a picture and a table."""

    #: Where the files are: arrays, maps and a picture of all at a glance.
    folder: pathlib.Path
    _keep: Any = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def scalars(self) -> npt.NDArray[np.float32]:
        """The scalar of every pair, [heads, neurons]."""
        return self._array("scalars")

    @property
    def attention(self) -> npt.NDArray[np.float32]:
        """The attention of the class token by head, [heads, tokens]; the first token is the class token."""
        return self._array("attention")

    @property
    def embedding(self) -> npt.NDArray[np.float32]:
        """The embedding, not normalised."""
        return self._array("embedding")

    @property
    def summary(self) -> bytes:
        """All at a glance, as PNG."""
        return (self.folder / "summary.png").read_bytes()

    def _array(self, name: str) -> npt.NDArray[np.float32]:
        array: npt.NDArray[np.float32] = np.load(self.folder / f"{name}.npy")
        return array

    def _repr_html_(self) -> str:
        return _html.explanation(self)


def explain(image: Path, text: str | None = None, *, output: Path | None = None, **options: Any) -> Explained:
    """What made the embedding of a picture, or with text the logit of a text: groups of pairs by word, and single pairs.

    The files go to output, or to a folder that is removed with the answer. Options are the flags of facet explain: model="RN50", bank="words.txt", top=5.
    """
    keep = None if output is not None else tempfile.TemporaryDirectory(prefix="facet-")
    folder = pathlib.Path(output if output is not None else _name(keep))
    value = json.loads(run("explain", image, text=text, output=folder, json=True, **options))
    return build(Explained, value, folder=folder, _keep=keep)


def _name(folder: tempfile.TemporaryDirectory[str] | None) -> str:
    assert folder is not None
    return folder.name


def classify(sources: Path | Sequence[Path], labels: Sequence[str] | str, **options: Any) -> answers.Classification:
    """Which of the labels fit pictures, without training."""
    list_of = labels if isinstance(labels, str) else ", ".join(labels)
    answer: answers.Classification = ask("classify", *_several(sources), labels=list_of, **options)
    return answer


def embed(sources: Path | Sequence[Path], **options: Any) -> npt.NDArray[np.float32]:
    """The embeddings of pictures, [N, D], not normalised."""
    with tempfile.TemporaryDirectory(prefix="facet-") as folder:
        file = os.path.join(folder, "e.npy")
        run("embed", *_several(sources), output=file, **options)
        array: npt.NDArray[np.float32] = np.load(file)
        return array


def search(text: str, **options: Any) -> answers.Search:
    """The pairs whose direction is most like a text."""
    answer: answers.Search = ask("search", text, **options)
    return answer


def nearest(neuron: int, head: int, **options: Any) -> answers.Nearest:
    """The texts most like the direction of a pair."""
    answer: answers.Nearest = ask("nearest", f"{neuron},{head}", **options)
    return answer


def scan(source: Path, output: Path, **options: Any) -> Atlas:
    """Passes a data set through the model, and gives the atlas that it leaves in the folder output."""
    run("scan", source, output=output, **options)
    return Atlas(output)


def label(atlas: Path | Atlas, **options: Any) -> answers.Labels:
    """Names the pairs of an atlas in words, which the atlas keeps."""
    answer: answers.Labels = ask("label", atlas.path if isinstance(atlas, Atlas) else atlas, **options)
    return answer


def version() -> answers.Version:
    """Which facet this is, and which engine it finds."""
    answer: answers.Version = ask("version")
    return answer


def _several(sources: Path | Sequence[Path]) -> list[Path]:
    return [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
