import dataclasses
import json
import math
import subprocess
import sys

import numpy as np
import pytest

import facet
from facet import answers
from facet._decode import build
from facet._run import flags


@pytest.fixture(scope="module")
def explained(picture):
    return facet.explain(picture, "a yellow car", top=3)


def test_explain_adds_up(explained):
    assert isinstance(explained, answers.Explanation)
    assert isinstance(explained.pairs[0], answers.Part) and len(explained.pairs) == 3
    assert math.isclose(sum(g.amount for g in explained.groups), explained.groups_total, abs_tol=1e-4 * abs(explained.total) + 1e-4)
    heads, neurons = explained.model.config.heads, explained.model.config.channels
    assert explained.scalars.shape == (heads, neurons) and explained.scalars.dtype == np.float32
    assert explained.attention.shape == (heads, 1 + explained.image.grid[0] * explained.image.grid[1])
    np.testing.assert_allclose(explained.attention.sum(axis=1), 1, rtol=1e-5)
    top = explained.pairs[0]
    assert math.isclose(explained.scalars[top.head, top.neuron], top.scalar, rel_tol=1e-5)


def test_explain_shows_itself(explained):
    html = explained._repr_html_()
    assert "data:image/png;base64," in html and "<table>" in html and explained.groups[0].word in html


def test_html_escapes(explained):
    groups = [dataclasses.replace(explained.groups[0], word="<script>alert(1)</script>")]
    bad = dataclasses.replace(explained, groups=groups, image=dataclasses.replace(explained.image, path="a<b>.png"))
    assert "<script>" not in bad._repr_html_() and "a<b>" not in bad._repr_html_()


def test_files_of_explain(picture, tmp_path):
    e = facet.explain(picture, output=tmp_path / "out", top=1)
    assert json.loads((tmp_path / "out" / "explain.json").read_text())["total"] == e.total == 1
    assert e.summary.startswith(b"\x89PNG")
    # The embedding is what facet embed gives.
    np.testing.assert_allclose(facet.embed(picture)[0], e.embedding, rtol=1e-4, atol=1e-5)


def test_search_classify_nearest(picture):
    found = facet.search("a yellow car", top=4)
    assert isinstance(found, answers.Search)
    c = facet.classify(picture, ["car", "tree"])
    assert math.isclose(sum(x.probability for x in c.images[0].classes), 1, rel_tol=1e-6)
    assert isinstance(facet.nearest(3, 1, top=2), answers.Nearest)


def test_every_answer_has_a_class():
    assert facet.version().module == "github.com/facet-clip/facet"
    assert isinstance(facet.ask("model inspect", "demo"), answers.Inspection)
    for kind in answers.ANSWERS.values():
        assert dataclasses.is_dataclass(kind)


def test_flags_choose_the_class(atlas):
    assert isinstance(facet.ask("tree", atlas.path, all=True, top=1), answers.Trees)
    assert isinstance(facet.ask("pairs", atlas.path, top=2), answers.Pairs)


def test_mistakes_are_errors(tmp_path):
    with pytest.raises(facet.UsageError, match="top") as e:
        facet.search("x", top="many")
    assert e.value.code == 2 and isinstance(e.value, ValueError)
    with pytest.raises(facet.FacetError, match="missing.png") as e:
        facet.explain(tmp_path / "missing.png")
    assert e.value.code == 1
    with pytest.raises(facet.FacetError, match="--oops"):  # a name of a file, not a flag
        facet.explain("--oops")


def test_flags():
    got = flags({"keep_scalars": True, "watch": ["a", "b c"], "top": 3, "model": None, "json": False})
    assert got == ["--keep-scalars=true", "--watch=a", "--watch=b c", "--top=3", "--json=false"]


def test_unknown_fields_are_passed_over():
    image = build(answers.Image, {"path": "x", "grid": [1, 2], "new": 3})
    assert image == answers.Image(path="x", grid=[1, 2])


def test_numbers_that_are_not_defined():
    @dataclasses.dataclass(kw_only=True)
    class A:
        x: float | None
        many: list[float | None]

    globals()["A"] = A
    assert build(A, {"x": None, "many": [None, 1]}) == A(x=None, many=[None, 1.0])


def test_command():
    out = subprocess.run([sys.executable, "-c", "import sys; sys.argv=['facet','version']; from facet._run import main; main()"], capture_output=True, text=True)
    assert out.returncode == 0 and "platform" in out.stdout
