"""Where the boxes of a picture lie: in layers, by the layout of igraph, where that is installed."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scriptkit.inspecting.flow import Flow

MISSING = "the picture of the data flow needs a library that lays graphs out: `pip install scriptkit[inspect]`"


def is_available() -> bool:
    """Whether there is a library for it."""
    return importlib.util.find_spec("igraph") is not None


def positions(flow: Flow) -> list[tuple[float, float]]:
    """For each box its column and its layer, in steps; raises ImportError where there is no library."""
    import igraph  # type: ignore[import-untyped, unused-ignore]

    if not flow.nodes:
        return []
    pairs = list(dict.fromkeys((source, target) for source, target, _ in flow.edges))
    graph: Any = igraph.Graph(n=len(flow.nodes), edges=pairs, directed=True)
    made = graph.layout_sugiyama(hgap=1, vgap=1, maxiter=200)
    return [(float(x), float(y)) for x, y in made.coords[: len(flow.nodes)]]
