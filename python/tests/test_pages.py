"""The Python on the pages runs."""

import re

import pytest
from conftest import ROOT, SLOW

FORMATS = sorted(f"docs/reference/files/{f.name}" for f in (ROOT / "docs/reference/files").glob("*.md"))
OF_DRIFT = ["docs/reference/files/profile.md", "docs/reference/files/store.md"]


@pytest.mark.parametrize("page", ["README.md", *FORMATS, "python/README.md"])
def test_page(page, folder, monkeypatch, capsys):
    if page in OF_DRIFT and not SLOW:
        pytest.skip("set FACET_SLOW=1 to read the files of drift too")
    monkeypatch.chdir(folder)
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.M | re.S)
    assert blocks
    names = {}
    for block in blocks:
        block = block.replace('model="RN50"', 'model="demo"')  # whose weights no test has
        exec(compile(block, page, "exec"), names)
        out = capsys.readouterr().out
        assert out or "print" not in block
        assert page not in FORMATS or "print" in block, f"{page}: a block prints nothing"


def test_index_names_all_pages():
    text = (ROOT / "docs/reference/files.md").read_text(encoding="utf-8")
    assert {f"docs/reference/{link}" for link in re.findall(r"\]\((files/\w+\.md)", text)} == set(FORMATS)
