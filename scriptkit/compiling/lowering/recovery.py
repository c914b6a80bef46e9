"""What stands in the way of lowering, all of it: where a submodule is refused, evaluation goes on behind its call.

What the call gave in a recorded run takes the place of its result. The program that comes out is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.parts import built
from scriptkit.compiling.lowering.values import CannotJoinError, RaisedError, RefusedError, TooLongError, Value
from scriptkit.compiling.structure import flatten
from scriptkit.language import types as t

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping

    from torch import nn

    from scriptkit.compiling.lowering.evaluate import Evaluator


@dataclass(frozen=True)
class Refusal:
    """One refusal: the file and node it is about, and the innermost submodule whose recorded result stands in."""

    error: RefusedError
    path: str
    node: ast.AST
    module: nn.Module | None

    def is_same(self, other: Refusal) -> bool:
        """Whether both are about the same piece of code in the same submodule."""
        mine, others = (one.error.rule for one in (self, other))
        return (mine, self.node, self.module) == (others, other.node, other.module)


@dataclass
class Recovery:
    """The refusals of one run; `results` are what submodules gave in a recorded run, by the id of the submodule."""

    results: Mapping[int, Any]
    found: list[Refusal] = field(default_factory=list)

    def note(self, ev: Evaluator, error: RefusedError, module: nn.Module | None) -> None:
        """Remember a refusal; several tries of one piece of code are one."""
        path, node = error.place or (ev.place.path, ev.place.node)
        made = Refusal(error, path, node, module)
        if not any(made.is_same(other) for other in self.found):
            self.found.append(made)

    def call(self, ev: Evaluator, module: nn.Module, evaluate: Callable[[], Value]) -> Value:
        """The call of a submodule."""
        try:
            return evaluate()
        except TooLongError:
            raise
        except RefusedError as error:
            is_tried = isinstance(error, CannotJoinError) and ev.effects.is_journaled
            if ev.untaken or is_tried or id(module) not in self.results:
                raise
            tensors, structure = flatten(self.results[id(module)])
            try:
                result = built(ev, structure, [ev.residual.declare(t.TENSOR, one, "recorded") for one in tensors])
            except (RefusedError, RaisedError):
                raise error from None
            self.note(ev, error, module)
            return result
