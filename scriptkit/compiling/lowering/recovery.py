"""What stands in the way of lowering, all of it: evaluation goes on after a refusal, as far as values are known.

The variables that a refused statement sets are unknown, and what reads them is passed over. Where the result of a
submodule is unknown, what its call gave in a recorded run takes its place. The program that comes out is thrown away.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.calling.compiled_parts import built
from scriptkit.compiling.lowering.world.refusing import CannotJoinError, RaisedError, RefusedError, TooLongError
from scriptkit.compiling.lowering.world.values import Unreadable, Value
from scriptkit.language import types as t
from scriptkit.live.nested import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.outcomes import Outcome


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


class _FollowsError(RefusedError):
    """Something needs a value that was refused before; `frame` is the call that ends with it, where one does."""

    def __init__(self, frame: Frame | None = None) -> None:
        super().__init__("branch-values-differ", "needs a value that was refused")
        self.frame = frame


class Unknown(Unreadable):
    """A variable whose value was refused; what reads it is a consequence and not told."""

    is_consequence = True

    def error(self, _: str) -> RefusedError:
        """What whoever reads the variable gets: a consequence."""
        return _FollowsError()


@dataclass
class Recovery:
    """The refusals of one run; `results` are what submodules gave in a recorded run, by the id of the submodule."""

    results: Mapping[int, Any]
    found: list[Refusal] = field(default_factory=list)
    _inside: list[nn.Module] = field(default_factory=list)

    def note(self, evaluator: Evaluator, error: RefusedError) -> None:
        """Remember a refusal, unless it follows from one; several tries of one piece of code are one."""
        if isinstance(error, _FollowsError):
            return
        path, node = error.place or (evaluator.place.path, evaluator.place.node)
        made = Refusal(error, path, node, self._inside[-1] if self._inside else None)
        if not any(made.is_same(other) for other in self.found):
            self.found.append(made)

    def call(self, evaluator: Evaluator, module: nn.Module, evaluate: Callable[[], Value]) -> Value:
        """The call of a submodule; where it is refused, what it gave in the recorded run."""
        if id(module) not in self.results:
            return evaluate()
        self._inside.append(module)
        count = len(self.found)
        try:
            return evaluate()
        except (RefusedError, RaisedError) as error:
            if isinstance(error, RefusedError):
                if self._is_undone(evaluator, error):
                    raise
                self.note(evaluator, error)
            elif count == len(self.found):
                raise
            return self._recorded(evaluator, module)
        finally:
            self._inside.pop()

    def statement(self, evaluator: Evaluator, node: ast.stmt, frame: Frame, evaluate: Callable[[], Outcome]) -> Outcome:
        """A statement; where it is refused, the next one, and the variables it sets are unknown."""
        try:
            return evaluate()
        except RefusedError as error:
            if (
                self._is_undone(evaluator, error)
                or evaluator.effects.is_in_loop
                or (isinstance(error, _FollowsError) and error.frame is frame)
            ):
                raise
            self.note(evaluator, error)
            if any(isinstance(part, ast.Return) for part in ast.walk(node)):
                raise _FollowsError(frame) from error
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    evaluator.bind_name(frame, part.id, Unknown("was refused"))
            return None

    def _is_undone(self, evaluator: Evaluator, error: RefusedError) -> bool:
        """Whether somebody catches the error, and goes another way."""
        is_tried = isinstance(error, CannotJoinError) and evaluator.effects.is_journaled
        return bool(evaluator.untaken_arms) or is_tried or isinstance(error, TooLongError)

    def _recorded(self, evaluator: Evaluator, module: nn.Module) -> Value:
        tensors, structure = flatten(self.results[id(module)])
        try:
            return built(
                evaluator, structure, [evaluator.residual.declare(t.TENSOR, one, "recorded") for one in tensors]
            )
        except (RefusedError, RaisedError):
            raise _FollowsError from None
