"""The evaluator: one run over one module, and the entry points of the other files.

What depends on static facts alone runs here, as Python; what touches a value known only at run time is written into the
residual program.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.calling import calls
from scriptkit.compiling.lowering.code import blocks, expressions
from scriptkit.compiling.lowering.objects import attributes, subscripts
from scriptkit.compiling.lowering.operations import operators
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.program.residual import Residual
from scriptkit.compiling.lowering.world import walking
from scriptkit.compiling.lowering.world.effects import Effects
from scriptkit.compiling.lowering.world.facts import Facts
from scriptkit.compiling.lowering.world.refusing import CannotJoinError, RefusedError
from scriptkit.compiling.lowering.world.values import SPECIAL_VALUES, Dyn, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextvars import ContextVar

    from torch import nn

    from scriptkit.compiling.lowering.calling.compiled_parts import Part
    from scriptkit.compiling.lowering.recovery import Recovery
    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.refusing import Fork
    from scriptkit.compiling.lowering.world.source import FunctionTree

_DEEPEST_CALL = 80


@dataclass(frozen=True)
class Dropped:
    """An arm that the example inputs do not take and that could not be lowered: it raises."""

    path: str
    line: int
    why: str


@dataclass
class Evaluator:
    """One run over one module."""

    root: nn.Module
    parts: Mapping[int, Part] = field(default_factory=dict)
    recovery: Recovery | None = None
    sealed: Mapping[Fork, RefusedError] = field(default_factory=dict)
    place: syntax.Place = field(default_factory=syntax.Place)
    effects: Effects = field(default_factory=Effects)
    facts: Facts = field(default_factory=Facts)
    dropped: list[Dropped] = field(default_factory=list)
    assumptions: dict[str, None] = field(default_factory=dict)
    depth: int = 0
    steps: int = 0
    untaken: int = 0
    inexact: bool = False

    def __post_init__(self) -> None:
        self.residual = Residual(self.root, self.place)
        self.frames: list[Frame] = []
        self.context: dict[ContextVar[Any], Value] = self.effects.own({})
        self.written: dict[tuple[int, str], Value] = self.effects.own({})
        self.unread: dict[tuple[int, str], tuple[RefusedError, Any]] = {}

    # ---- entry points of the other files

    def expression(self, node: ast.expr, frame: Frame) -> Value:
        """The value of an expression."""
        handler = expressions.TABLE.get(type(node))
        self.place.node = node
        if handler is None:
            raise RefusedError("syntax-not-lowered", f"`{type(node).__name__}` expressions are not lowered")
        return handler(self, node, frame)

    def call(self, function: Value, args: Sequence[Value] = (), kwargs: Mapping[str, Value] | None = None) -> Value:
        """Call anything."""
        node = self.place.node
        result = calls.call(self, function, list(args), dict(kwargs or {}))
        self.place.node = node
        return result

    def run(self, tree: FunctionTree, frame: Frame) -> Value:
        """Evaluate the body of a function."""
        if self.depth > _DEEPEST_CALL:
            raise RefusedError("recursion", "calls are nested too deeply")
        self.depth += 1
        self.open_frame(frame)
        self.frames.append(frame)
        try:
            with self.place.inside(frame.path):
                return self._body(tree, frame)
        finally:
            self.depth -= 1
            self.frames.pop()

    def open_frame(self, frame: Frame) -> None:
        """The variables of a call are the run's own."""
        frame.born = self.effects.now
        self.effects.own(frame.variables)
        self.effects.environments.add(id(frame.variables))

    def _body(self, tree: FunctionTree, frame: Frame) -> Value:
        try:
            if isinstance(tree, ast.Lambda):
                return self.expression(tree.body, frame)
            return blocks.run_function(self, tree.body, frame)
        except RefusedError as refusal:
            refusal.place = refusal.place or (frame.path, self.place.node)
            raise

    def bind_name(self, frame: Frame, name: str, value: Value) -> None:
        """Give a variable a value."""
        self.effects.journal(frame.variables)
        frame.variables[name] = value

    def drop(self, refusal: RefusedError) -> None:
        """Note an arm that raises instead of being lowered."""
        path, node = refusal.place or (self.place.path, self.place.node)
        made = Dropped(path, getattr(node, "lineno", 0), refusal.message)
        if made not in self.dropped:
            self.dropped.append(made)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Leave no trace of something that turns out not to be joinable."""
        count = len(self.dropped)
        try:
            with self.effects.attempt(), self.residual.attempt():
                yield
        except CannotJoinError:
            del self.dropped[count:]
            raise

    # ---- examples

    def example(self, value: Value) -> Any:
        """What a value looks like on the example inputs."""
        if isinstance(value, Dyn):
            return value.example
        if isinstance(value, torch.Tensor):
            return self.residual.tensor(value).example
        if type(value) is list:
            return [self.example(item) for item in value]
        if isinstance(value, tuple):
            return tuple(self.example(item) for item in value)
        if type(value) is dict:
            return {key: self.example(item) for key, item in value.items()}
        if isinstance(value, slice):
            return slice(self.example(value.start), self.example(value.stop), self.example(value.step))
        if isinstance(value, SPECIAL_VALUES):
            raise RefusedError("function-as-operand", "a function or a range is the operand of an operation")
        return value

    def try_out(
        self, what: str, function: Callable[..., Any], args: Sequence[Value], kwargs: Mapping[str, Value]
    ) -> Any:
        """Run an operation on the examples, to see what it gives."""
        examples = [self.example(arg) for arg in args]
        keywords = {name: self.example(arg) for name, arg in kwargs.items()}
        try:
            with torch.no_grad():
                return function(*examples, **keywords)
        except RefusedError:
            raise
        except Exception as error:
            if (self.untaken or self.inexact) and what in {"reshape", "view"}:  # only types and ranks matter
                return _of_shape(examples)
            words = str(error).strip().partition("\n")[0][:120]
            raise RefusedError("example-run-failed", f"`{what}` fails on the example: {words}") from error

    def lift(self, value: Value) -> Value:
        """A tensor of the user becomes a value of the residual program."""
        if isinstance(value, torch.Tensor):
            return self.residual.tensor(value)
        return value

    def iterate(self, value: Value) -> list[Value]:
        """The items of something whose length is known now."""
        if isinstance(value, Dyn):
            if isinstance(value.example, tuple) and not isinstance(value.type, operators.LIST):
                return subscripts.unpack(self, value, len(value.example))
            raise RefusedError("length-known-at-run-time", "something of a length known only at run time is unrolled")
        if isinstance(value, (torch.Tensor, *SPECIAL_VALUES)):
            raise RefusedError("length-known-at-run-time", "something of a length known only at run time is unrolled")
        if isinstance(value, walking.Once):
            value.refuse_spent()
            value.is_spent = True
        return attributes.items_of(self, value)


def _of_shape(examples: list[Any]) -> torch.Tensor:
    """What `reshape` to other sizes would give, had the input the elements for it."""
    tensor, sizes = examples[0], examples[1] if isinstance(examples[1], (list, tuple)) else examples[1:]
    if not all(type(size) is int for size in sizes):
        raise RefusedError("example-run-failed", "`reshape` fails on the example")
    made: torch.Tensor = tensor.new_zeros([max(size, 1) for size in sizes])
    return made
