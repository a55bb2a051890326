"""Makes the notebook of docs/notebooks, and runs it.

    python python/notebook.py docs/notebooks/facet.ipynb           makes it anew, with outputs
    python python/notebook.py --check docs/notebooks/facet.ipynb   runs its cells, and fails if one fails or its source is not the one below
"""

import os
import pathlib
import sys
import tempfile

import nbformat
from nbclient import NotebookClient

TEXT, CODE = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell

CELLS = [
    TEXT(
        "# facet in a notebook\n\n"
        "This notebook asks one model five things: what made an answer, what its units do over a data set, what they are called, how to take a concept out,"
        " and whether the edited model still works. It uses the demo model, which is part of facet. So it needs no network and no photograph.\n\n"
        "For a real model, type `facet model pull RN50` once. Then add `model=\"RN50\"` below, and name your own pictures."
    ),
    CODE("import facet\n\nversion = facet.version()\nversion.engine.name"),
    TEXT("## Explain\n\nWhy does *a yellow car* fit this picture? The logit is a sum over words. Each word stands for the pairs that carry it."),
    CODE('e = facet.explain("scenes:default?n=1", text="a yellow car", top=5)\ne'),
    TEXT("The parts add up to the logit, to rounding. `scalars` has one number for each pair of a head and a neuron."),
    CODE("print(round(sum(g.amount for g in e.groups), 4), round(e.groups_total, 4))\nprint(e.scalars.shape)"),
    TEXT("## Scan\n\nA scan passes a data set through the model. What it leaves is an *atlas*: a folder of Parquet tables."),
    CODE('atlas = facet.scan("scenes:single?n=200&seed=11", "train.atlas", keep_scalars=True)\natlas.pairs'),
    CODE('import polars as pl\n\natlas.pairs.polars().sort("score", descending=True).select("neuron", "head", "mean", "score").head(5).collect()'),
    TEXT("## Label\n\n`label` names pairs in words, and the atlas keeps the names. Here only the 300 pairs that the model uses most are named."),
    CODE('labels = facet.label(atlas, units="top:300", top=5)\natlas.labels.polars().select("neuron", "head", "text", "weight").head(5).collect()'),
    TEXT(
        "## Edit\n\nThis writes the weights anew, so that the direction of *a castle* is projected out of every picture's embedding. Nothing is trained."
        " The result is a checkpoint like any other. `residuals` says how far its embeddings are from what the formula predicts."
    ),
    CODE(
        'edited = facet.ask("edit", means=atlas.path, erase_texts="a castle", output="without-castle")\n'
        "{r.as_: r.largest for r in edited.residuals}"
    ),
    TEXT("The edited model is used like the first one. The logit of *a castle* is nearly nothing now, whatever the picture shows:"),
    CODE(
        'for model in ["demo", "without-castle/open_clip_model.safetensors"]:\n'
        '    logits = [facet.explain(f"scenes:single?n=1&seed={s}", text="a castle", model=model, top=1).total for s in (11, 12)]\n'
        "    print(model, [round(x, 2) for x in logits])"
    ),
    TEXT("open_clip opens the folder too, where it is installed."),
    CODE(
        "try:\n    import open_clip\nexcept ImportError:\n    print('open_clip is not installed: pip install open_clip_torch')\n"
        "else:\n    model, _, preprocess = open_clip.create_model_and_transforms('local-dir:without-castle')\n    print(type(model).__name__)"
    ),
]


def notebook() -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(cells=[nbformat.from_dict(c) for c in CELLS])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for i, cell in enumerate(made.cells):
        cell.id = f"cell-{i}"
    return made


def run(book: nbformat.NotebookNode) -> None:
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(book, timeout=600, resources={"metadata": {"path": folder}}).execute()
    for cell in book.cells:
        cell.get("metadata", {}).pop("execution", None)  # times of this run


def main() -> None:
    check, path = sys.argv[1] == "--check", pathlib.Path(sys.argv[-1])
    made = notebook()
    if check:
        kept = nbformat.read(path, as_version=4)
        if [c.source for c in kept.cells] != [c.source for c in made.cells]:
            sys.exit(f"{path} is not what python/notebook.py says; run: python python/notebook.py {path}")
        if not all(c.outputs for c in kept.cells if c.cell_type == "code"):
            sys.exit(f"{path}: a cell has no output; run: python python/notebook.py {path}")
    run(made)
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, path)
    print(f"{path}: {sum(c.cell_type == 'code' for c in made.cells)} cells ran")


if __name__ == "__main__":
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    main()
