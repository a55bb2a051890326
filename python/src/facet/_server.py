"""Starts the explorer, and asks its API."""

from __future__ import annotations

import io
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from types import TracebackType
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from . import answers
from ._decode import build
from ._run import FacetError, binary, environment, flags

Path = Union[str, "os.PathLike[str]"]


class Client:
    """Asks the API of an explorer: Client("http://localhost:8080").search("a yellow car")."""

    def __init__(self, url: str, token: str | None = None, timeout: float = 60):
        self.url, self.token, self.timeout = url.rstrip("/"), token, timeout

    def get(self, address: str, **query: Any) -> Any:
        """The JSON at an address under /api/v1. A list in the query is given several times."""
        return json.loads(self.raw(address, **query))

    def post(self, address: str, body: bytes, content_type: str = "application/octet-stream", **query: Any) -> Any:
        """The JSON that answers a picture or another body."""
        return json.loads(self._open(address, query, {"Content-Type": content_type}, body))

    def array(self, address: str, **query: Any) -> npt.NDArray[Any]:
        """The array at an address, such as atlases/scenes/embeddings."""
        array: npt.NDArray[Any] = np.load(io.BytesIO(self._open(address, query, {"Accept": "application/x-npy"}, None)))
        return array

    def raw(self, address: str, accept: str = "*/*", **query: Any) -> bytes:
        """What is at an address as it comes: a picture, or a table with accept="text/csv"."""
        return self._open(address, query, {"Accept": accept}, None)

    def search(self, text: str, **query: Any) -> answers.Search:
        """The pairs whose direction is most like a text."""
        return build(answers.Search, self.get("search", text=text, **query))

    def pairs(self, atlas: str, **query: Any) -> answers.Pairs:
        """The pairs that the model uses most."""
        return build(answers.Pairs, self.get(f"atlases/{urllib.parse.quote(atlas, safe='')}/pairs", **query))

    def explain(self, picture: Path | bytes, text: str | None = None, **query: Any) -> answers.Explanation:
        """What made the embedding of a picture, or the logit of a text."""
        body = picture if isinstance(picture, bytes) else pathlib.Path(picture).read_bytes()
        return build(answers.Explanation, self.post("explain", body, text=text, **query))

    def classify(self, picture: Path | bytes, labels: list[str], **query: Any) -> answers.Classification:
        """Which of the labels fit a picture."""
        body = picture if isinstance(picture, bytes) else pathlib.Path(picture).read_bytes()
        return build(answers.Classification, self.post("classify", body, labels=labels, **query))

    def _open(self, address: str, query: dict[str, Any], headers: dict[str, str], body: bytes | None) -> bytes:
        given = {k: v for k, v in query.items() if v is not None}
        url = f"{self.url}/api/v1/{address}" + ("?" + urllib.parse.urlencode(given, doseq=True) if given else "")
        if self.token:
            headers = {**headers, "Authorization": f"Bearer {self.token}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=self.timeout) as reply:
                data: bytes = reply.read()
                return data
        except urllib.error.HTTPError as e:
            raise FacetError(_problem(e), e.code) from None


def _problem(e: urllib.error.HTTPError) -> str:
    try:
        problem = json.loads(e.read())
        return f"{problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{e.code} {e.reason}"


class Server(Client):
    """An explorer that this program started. It ends with close(), at the end of a with block, or with the program."""

    def __init__(self, process: subprocess.Popen[bytes], url: str):
        super().__init__(url)
        self._process = process

    def close(self) -> None:
        """Ends the explorer."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def _repr_html_(self) -> str:
        return f'<a href="{self.url}" target="_blank" rel="noopener">{self.url}</a>'


def serve(*atlases: Path, port: int = 0, wait: float = 120, **options: Any) -> Server:
    """Starts the explorer at localhost and waits until it has opened everything. Without an atlas it shows the demo model.

    Options are the flags of facet serve: banks=["words.txt"], read_only=True. Port 0 takes a free one.
    """
    if port == 0:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
    command = [binary(), "serve", "--no-open", f"--listen=localhost:{port}", *flags(options), "--", *(os.fspath(a) for a in atlases)]
    log = tempfile.TemporaryFile()  # not a pipe, which fills up when nobody reads it
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=environment())
    server = Server(process, f"http://localhost:{port}")
    until = time.monotonic() + wait
    while True:
        if process.poll() is not None:
            log.seek(0)
            raise FacetError(log.read().decode(errors="replace").strip() or "facet serve ended", process.returncode)
        try:
            server.get("model")
            return server
        except (FacetError, OSError) as e:
            if isinstance(e, FacetError) and e.code != 503:
                server.close()
                raise
            if time.monotonic() > until:
                server.close()
                raise TimeoutError(f"facet serve was not ready after {wait:.0f} s") from None
        time.sleep(0.1)
