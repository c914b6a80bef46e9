"""Code of functions, compiled once and copied into compiled graphs, at the line of the node it stands for."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KIND: Final = re.compile(r"\w+::\w+")
_WITHOUT_BLOCKS: Final = frozenset({"prim::Constant", "prim::GetAttr", "prim::CallMethod", "prim::CallFunction"})


def insert(graph: Any, place: Any, function: Callable[..., Any], inputs: list[Any]) -> list[Any]:
    """Copy the code of a function before a node of a graph; gives the outputs."""
    before = list(nodes_of(graph))  # kept, so that each node stays the same object of Python
    known = set(map(id, before))
    graph.setInsertPoint(place)
    made = graph.insertGraph(_graph_of(function), inputs)
    graph.setInsertPoint(graph.return_node())
    for node in nodes_of(graph):
        if id(node) not in known:
            node.copyMetadata(place)
    return list(made)


def replace(graph: Any, node: Any, function: Callable[..., Any]) -> None:
    """Put the code of a function in the place of a node, with its inputs."""
    [made] = insert(graph, node, function, list(node.inputs()))
    node.output().replaceAllUsesWith(made)
    node.destroy()


def nodes_of(block: Any) -> Iterator[Any]:
    """Every node of a graph, those in branches and loops included."""
    for node in block.nodes():
        yield node
        kind = node.kind()
        if not kind.startswith("aten::") and kind not in _WITHOUT_BLOCKS:  # to ask takes longer than all the rest
            for inner in node.blocks():
                yield from nodes_of(inner)


def kinds_in(graph: Any, text: str | None = None) -> set[str]:
    """What the nodes of a graph are, and maybe more: its text is made faster than its nodes are walked."""
    return set(_KIND.findall(text_of(graph) if text is None else text))


def text_of(graph: Any) -> str:
    """The text of a graph, without places in sources."""
    try:
        return str(graph.str(False))
    except UnicodeDecodeError:  # `chr(233)` is one byte in compiled code
        nodes = list(nodes_of(graph))
        values = [*graph.inputs(), *(value for node in nodes for value in node.outputs())]
        return " ".join([*(node.kind() for node in nodes), *(f"%{value.debugName()}" for value in values)])


@cache
def _graph_of(function: Callable[..., Any]) -> Any:
    return compiled_once(function).inlined_graph


@cache
def compiled_once(function: Callable[..., Any]) -> Any:
    """A function of ours that compiled code may call."""
    return torch.jit.script(function)
