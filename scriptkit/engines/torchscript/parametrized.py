"""Parametrizations with a state of their own, such as `spectral_norm`: Python evaluates them at each access of the tensor.

A twin evaluates a parametrization once per call. That is the same where compiled code reads the tensor exactly once, or
where evaluating it changes nothing; elsewhere the module has to run as Python.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from torch.nn.utils import parametrize

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch


def is_stateful(module: torch.nn.Module, name: str) -> bool:
    """Whether evaluating a parametrized tensor can change buffers."""
    parametrizations: Any = module.parametrizations
    return any(True for _ in parametrizations[name].buffers())


def read_other_than_once(
    root: torch.nn.Module, parametrized: list[tuple[torch.nn.Module, str]], graph: Any
) -> list[torch.nn.Module]:
    """The modules whose stateful parametrized tensor an inlined graph does not read exactly once on every path."""
    reads = Counter(_certain_reads(graph))
    paths: dict[int, list[str]] = {}
    for path, module in root.named_modules(remove_duplicate=False):
        paths.setdefault(id(module), []).append(path)
    return [
        module
        for module, name in parametrized
        if parametrize.is_parametrized(module)
        and is_stateful(module, name)
        and sum(reads[f"{path}.{name}".lstrip(".")] for path in paths.get(id(module), ())) != 1
    ]


def _certain_reads(graph: Any) -> Iterator[str]:
    """Paths of the attributes a graph reads; those inside a branch or loop twice, since their count is unknown."""
    places = {next(graph.inputs()).debugName(): ""}
    for node, is_certain in _nodes(graph, is_certain=True):
        if node.kind() == "prim::GetAttr" and node.inputsAt(0).debugName() in places:
            path = f"{places[node.inputsAt(0).debugName()]}.{node.s('name')}".lstrip(".")
            places[node.output().debugName()] = path
            yield path
            if not is_certain:
                yield path


def _nodes(block: Any, *, is_certain: bool) -> Iterator[tuple[Any, bool]]:
    for node in block.nodes():
        yield node, is_certain
        for inner in node.blocks():
            yield from _nodes(inner, is_certain=False)
