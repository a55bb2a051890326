"""Runs the program facet."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any, Iterable


class FacetError(RuntimeError):
    """facet could not do what it was asked: the message is what it said."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        #: The exit code of facet: 1 for bad input, 2 for a mistake in the question.
        self.code = code


class UsageError(FacetError, ValueError):
    """The question has a mistake: facet ended with exit code 2."""


def binary() -> str:
    """The path of the program: FACET_BIN, else the one in this package, else the one in the PATH."""
    if named := os.environ.get("FACET_BIN"):
        return named
    carried = pathlib.Path(__file__).parent / "bin" / ("facet.exe" if sys.platform == "win32" else "facet")
    if carried.exists():
        return str(carried)
    own = os.path.realpath(pathlib.Path(sys.argv[0])) if sys.argv and sys.argv[0] else ""
    found = shutil.which("facet")
    if found and os.path.realpath(found) != own:
        return found
    raise FacetError("facet: the program is not in this package and not in the PATH; set FACET_BIN to it", 1)


def environment() -> dict[str, str]:
    """The environment for facet. Where the package onnxruntime is installed, its library is named, unless FACET_ONNXRUNTIME names one already."""
    env = dict(os.environ)
    if "FACET_ONNXRUNTIME" not in env and (library := onnxruntime_library()):
        env["FACET_ONNXRUNTIME"] = library
    return env


def onnxruntime_library() -> str | None:
    """The library of the installed package onnxruntime. The package is not imported for it."""
    try:
        spec = importlib.util.find_spec("onnxruntime")
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for pattern in ("libonnxruntime.so*", "libonnxruntime*.dylib", "onnxruntime.dll"):
            for file in sorted(pathlib.Path(folder, "capi").glob(pattern)):
                return str(file)
    return None


def flags(options: dict[str, Any]) -> list[str]:
    """Options as flags: keep_scalars=True is --keep-scalars, watch=["a", "b"] is --watch=a --watch=b, and None is nothing."""
    out: list[str] = []
    for name, value in options.items():
        flag = ("-" if len(name) == 1 else "--") + name.rstrip("_").replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            out.append(f"{flag}={str(value).lower()}")
        elif isinstance(value, (list, tuple)):
            out.extend(f"{flag}={_text(v)}" for v in value)
        else:
            out.append(f"{flag}={_text(value)}")
    return out


def _text(value: Any) -> str:
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def run(verb: str, *args: Any, **options: Any) -> str:
    """Runs a verb and gives what it printed: run("pairs", "photos.atlas", top=5). An argument that begins with a dash is no flag."""
    command: Iterable[str] = [binary(), *verb.split(), *flags(options), "--", *map(_text, args)]
    done = subprocess.run(list(command), capture_output=True, text=True, encoding="utf-8", env=environment(), stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return done.stdout
    lines = [line for line in done.stderr.splitlines() if line and not line.startswith("facet: warning:") and not line.startswith('run "')]
    message = "\n".join(lines) or f"facet {verb} ended with code {done.returncode}"
    raise (UsageError if done.returncode == 2 else FacetError)(message, done.returncode)


def main() -> None:
    """The command facet of this package: the program itself."""
    program = binary()
    arguments = [program, *sys.argv[1:]]
    if sys.platform == "win32":
        sys.exit(subprocess.run(arguments, env=environment()).returncode)
    os.execve(program, arguments, environment())
