import numpy as np
import pytest

import facet
from facet import answers


@pytest.fixture(scope="module")
def server(atlas):
    with facet.serve(atlas.path) as s:
        yield s


def test_server(server, picture, atlas):
    assert server.get("model")["name"] == "demo"
    found = server.search("a yellow car", top=3)
    assert isinstance(found, answers.Search)
    name = atlas.path.name
    names = [a["name"] for a in server.get("atlases")["atlases"]]
    pairs = server.pairs(names[0], top=2)
    assert len(pairs.pairs) == 2, name
    e = server.explain(picture, "a yellow car", top=2)
    direct = facet.explain(picture, "a yellow car", top=2)
    assert e.total == pytest.approx(direct.total, rel=1e-6) and [p.neuron for p in e.pairs] == [p.neuron for p in direct.pairs]
    assert server.classify(picture, ["car", "tree"]).images[0].classes
    array = server.array(f"atlases/{names[0]}/embeddings", top=5)
    assert array.shape == (5, e.model.config.embed) and array.dtype == np.float32
    assert server.url in server._repr_html_()


def test_problems_are_errors(server):
    with pytest.raises(facet.FacetError) as e:
        server.get("atlases/none/pairs")
    assert e.value.code == 404


def test_closed(atlas):
    s = facet.serve(atlas.path)
    s.close()
    with pytest.raises(OSError):
        s.get("model")


def test_what_cannot_start(tmp_path):
    with pytest.raises(facet.FacetError, match="atlas"):
        facet.serve(tmp_path / "none.atlas")
