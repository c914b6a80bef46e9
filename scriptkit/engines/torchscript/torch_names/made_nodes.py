"""New nodes of a compiled graph, put before another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable


class Before:
    """Makes nodes before another one, at its place in the source."""

    def __init__(self, graph: Any, node: Any) -> None:
        self._graph, self._node = graph, node

    def __call__(self, kind: str, *inputs: Any, like: Any = None) -> Any:
        """The output of a new node, of the type of another value; without one, a bool."""
        return self.node(kind, inputs, None if like is None else like.type()).output()

    def choice(self, condition: Any, one: Any, other: Any) -> Any:
        """`one` where the condition holds, else `other`."""
        made = self.node("prim::If", (condition,), one.type())
        for value in (one, other):
            made.addBlock().registerOutput(value)
        return made.output()

    def node(self, kind: str, inputs: Iterable[Any], type_: Any = None) -> Any:
        """A new node with one output, a bool where no type is given."""
        made = self._graph.create(kind, list(inputs), 1)
        made.insertBefore(self._node)
        made.copyMetadata(self._node)
        made.output().setType(torch.BoolType.get() if type_ is None else type_)
        return made
