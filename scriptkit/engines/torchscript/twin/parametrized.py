"""Parametrized tensors (`weight_norm`, `spectral_norm`): computed for each call, pushed into the twin, then let go.

Python evaluates a parametrization at each access of its tensor, a twin once per call. That is the same where evaluating
changes nothing, or where compiled code reads the tensor exactly once; elsewhere the module has to run as Python.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live.computed_tensors import keeps_state

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Parametrized:
    """The parametrized tensors that one compiled method reads."""

    pushed: list[tuple[torch.nn.Module, str, Any]] = field(default_factory=list)
    with_state: list[torch.nn.Module] = field(default_factory=list)
    read_unevenly: list[torch.nn.Module] = field(default_factory=list)

    def push(self) -> None:
        """Evaluate every tensor once and hand it to the twin."""
        for module, name, cpp in self.pushed:
            cpp.setattr(name, getattr(module, name))

    def let_go(self) -> None:
        """A computed tensor holds its graph; it must not outlive the call."""
        for _, name, cpp in self.pushed:
            cpp.setattr(name, torch.empty(0))

    @property
    def needs_python(self) -> bool:
        """Whether evaluating once would leave another state than Python does."""
        return any(module.training for module in self.read_unevenly)

    def snapshot(self, root: torch.nn.Module) -> StateBeforeCall | None:
        """The state to go back to when the call fails: only Python knows which tensors it read before the error."""
        return StateBeforeCall(root) if any(module.training for module in self.with_state) else None


class StateBeforeCall:
    """The buffers of a tree and the random state, as they were."""

    def __init__(self, root: torch.nn.Module) -> None:
        self._buffers = [(buffer, buffer.clone()) for buffer in root.buffers()]
        self._random = torch.get_rng_state()

    def restore(self) -> None:
        """Undo what the failed call did."""
        with torch.no_grad():
            for buffer, before in self._buffers:
                buffer.copy_(before)
        torch.set_rng_state(self._random)


def parametrized_in(
    root: torch.nn.Module, candidates: list[tuple[torch.nn.Module, str, Any]], graph: Any
) -> Parametrized:
    """What an inlined graph reads of the parametrized tensors of a tree."""
    reads = Counter(_reads(graph))
    paths: dict[int, list[str]] = {}
    for path, module in root.named_modules(remove_duplicate=False):
        paths.setdefault(id(module), []).append(path)
    found = Parametrized()
    for module, name, cpp in candidates:
        count = sum(reads[f"{path}.{name}".lstrip(".")] for path in paths.get(id(module), ()))
        if count:
            found.pushed.append((module, name, cpp))
            if keeps_state(module, name):
                (found.with_state if count == 1 else found.read_unevenly).append(module)
    return found


def _reads(graph: Any) -> Iterator[str]:
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
