"""What answers look like in Jupyter."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._verbs import Explained


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A table of texts. Everything is escaped: file names and words come from outside."""
    head = "".join(f"<th>{escape(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def picture(png: bytes, about: str) -> str:
    return f'<img alt="{escape(about, quote=True)}" style="max-width:100%" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def explanation(e: Explained) -> str:
    about = f"the logit of “{e.text}” is {e.total:.2f}" if e.text else "what made the embedding"
    rows = [[g.word, f"{g.amount:+.3f}", f"{100 * g.share:+.1f} %", str(g.pair_count)] for g in e.groups]
    parts = [f"<p>{escape(e.image.path)}: {escape(about)}</p>"]
    if (e.folder / "summary.png").exists():
        parts.append(picture(e.summary, about))
    parts.append(table(["word", "part", "share", "pairs"], rows))
    return "".join(parts)
