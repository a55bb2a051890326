"""See what a CLIP-ResNet knows, neuron by neuron, head by head.

    import facet
    facet.explain("photo.jpg", text="a yellow car", model="RN50")

Every verb of the command line is reached by :func:`ask`. The verbs that are used most have functions of their own.
"""

from . import answers
from ._atlas import Atlas, Table
from ._run import FacetError, UsageError, binary, run
from ._server import Client, Server, serve
from ._verbs import Explained, ask, classify, embed, explain, label, nearest, scan, search, version
from ._version import __version__

__all__ = [
    "Atlas", "Client", "Explained", "FacetError", "Server", "Table", "UsageError", "__version__", "answers", "ask", "binary", "classify", "embed", "explain",
    "label", "nearest", "run", "scan", "search", "serve", "version",
]
