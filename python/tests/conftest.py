import pathlib

import pytest

import facet


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
