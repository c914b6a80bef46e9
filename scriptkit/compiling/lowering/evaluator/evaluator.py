"""The evaluator: one run over one module, and the entry points of the other files.

What depends on static facts alone runs here, as Python; what touches a value known only at run time is written into the
residual program.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import torch

from scriptkit.compiling.lowering.evaluator.examples import run_on_examples
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.program.residual import Residual
from scriptkit.compiling.lowering.world import walking
from scriptkit.compiling.lowering.world.effects import Effects
from scriptkit.compiling.lowering.world.facts import Facts
from scriptkit.compiling.lowering.world.outcomes import Left
from scriptkit.compiling.lowering.world.refusing import CannotJoinError, RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import SPECIAL_VALUES
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextvars import ContextVar

    from torch import nn

    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.outcomes import Outcome
    from scriptkit.compiling.lowering.world.refusing import BranchPlace
    from scriptkit.compiling.lowering.world.source import FunctionTree

_DEEPEST_CALL = 80


class Semantics(Protocol):
    """What a piece of Python means: the entries of the files above this one, filled in `lowering/semantics.py`.

    A file imports only what lies below it, yet an attribute may be a property whose code is evaluated, and a call may
    end anywhere. What goes up goes through here.
    """

    def expression(self, evaluator: Evaluator, node: ast.expr, frame: Frame, /) -> Value:
        """The value of an expression."""

    def call(self, evaluator: Evaluator, function: Value, args: list[Value], kwargs: dict[str, Value], /) -> Value:
        """What a call of anything gives."""

    def block(self, evaluator: Evaluator, body: Sequence[ast.stmt], frame: Frame, /) -> Outcome:
        """How statements end that are evaluated one after the other."""

    def read(self, evaluator: Evaluator, owner: Value, name: str, /) -> Value:
        """`owner.name`."""

    def items(self, evaluator: Evaluator, container: Value, /) -> list[Value]:
        """The items of a Python object that can be iterated now."""

    def unpack(self, evaluator: Evaluator, value: Dyn, count: int, /) -> list[Value]:
        """The parts of a value of the residual program."""


class Part(Protocol):
    """A submodule that is compiled by itself: the residual program calls it."""

    @property
    def form(self) -> torch.jit.ScriptModule:
        """The submodule compiled."""

    def call(
        self, evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]
    ) -> Value:
        """Write the call into the residual program."""


class Recovers(Protocol):
    """Goes on after a refusal, where all of them are asked for."""

    def call(self, evaluator: Evaluator, module: nn.Module, evaluate: Callable[[], Value], /) -> Value:
        """The call of a submodule."""

    def statement(
        self, evaluator: Evaluator, node: ast.stmt, frame: Frame, evaluate: Callable[[], Outcome], /
    ) -> Outcome:
        """A statement."""


@dataclass(frozen=True)
class Dropped:
    """An arm that the example inputs do not take and that could not be lowered: it raises."""

    path: str
    line: int
    why: str


@dataclass
class Evaluator:
    """One run over one module.

    `parts`: submodules that are compiled by themselves, by id; nothing in them is evaluated.
    `sealed`: branches whose arms an earlier run could not join; the arm that the example does not take raises.
    `place`: where in the user's files the evaluation is; what is written gets that position.
    `effects`, `facts`: what the run may change, and what it read that must not change later.
    `dropped`, `assumptions`: what the program does not do, and what it takes for granted, both told to the user.
    `untaken_arms`: how many of the arms round the statement the example inputs do not take. Their examples are made up.
    `has_rough_examples`: some examples have the right type and rank, and perhaps a size they never have.
    `residual`: the program that is written.
    `frames`: the calls that are being evaluated, outermost first.
    `context`: the values that context variables were given in the call.
    `written`, `unread`: what the call wrote on modules, by id and name, and what of that it has not read itself.
    `is_seen_whole`: methods that write buffers are evaluated in place, so that every write stands in the one method.
    """

    root: nn.Module
    semantics: Semantics
    parts: Mapping[int, Part] = field(default_factory=dict)
    recovery: Recovers | None = None
    sealed: Mapping[BranchPlace, RefusedError] = field(default_factory=dict)
    is_seen_whole: bool = False
    place: syntax.Place = field(default_factory=syntax.Place)
    effects: Effects = field(default_factory=Effects)
    facts: Facts = field(default_factory=Facts)
    dropped: list[Dropped] = field(default_factory=list)
    assumptions: dict[str, None] = field(default_factory=dict)
    depth: int = 0
    steps: int = 0
    untaken_arms: int = 0
    has_rough_examples: bool = False

    def __post_init__(self) -> None:
        self.residual = Residual(self.root, self.place)
        self.unexpected: tuple[Exception, str, ast.AST] | None = None
        """An error that no handler means, with the line that was evaluated."""
        self.frames: list[Frame] = []
        self.context: dict[ContextVar[Any], Value] = self.effects.own({})
        self.written: dict[tuple[int, str], Value] = self.effects.own({})
        self.wanted: dict[tuple[int, str], Any] = {}
        """Attributes that have to be state of the program for arms that were dropped."""
        self.unread: dict[tuple[int, str], tuple[RefusedError, Any]] = {}

    # ---- what any handler may ask for, whichever file answers it

    def expression(self, node: ast.expr, frame: Frame) -> Value:
        """The value of an expression."""
        return self.semantics.expression(self, node, frame)

    def block(self, body: Sequence[ast.stmt], frame: Frame) -> Outcome:
        """Evaluate statements one after the other."""
        return self.semantics.block(self, body, frame)

    def read(self, owner: Value, name: str) -> Value:
        """`owner.name`."""
        return self.semantics.read(self, owner, name)

    def items(self, container: Value) -> list[Value]:
        """The items of a Python object that can be iterated now."""
        return self.semantics.items(self, container)

    def unpack(self, value: Dyn, count: int) -> list[Value]:
        """`a, b = value`."""
        return self.semantics.unpack(self, value, count)

    def call(self, function: Value, args: Sequence[Value] = (), kwargs: Mapping[str, Value] | None = None) -> Value:
        """Call anything."""
        node = self.place.node
        now = self.effects.now_of
        given = {name: now(value) for name, value in (kwargs or {}).items()}
        result = self.semantics.call(self, function, [now(value) for value in args], given)
        self.place.node = node
        return result

    def run(self, tree: FunctionTree, frame: Frame) -> Value:
        """Evaluate the body of a function."""
        if self.depth > _DEEPEST_CALL:
            raise _too_deep()
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
        frame.created_at = self.effects.now
        frame.variables.update({name: self.effects.now_of(value) for name, value in frame.variables.items()})
        self.effects.own(frame.variables)
        self.effects.environments.add(id(frame.variables))

    def _body(self, tree: FunctionTree, frame: Frame) -> Value:
        try:
            if isinstance(tree, ast.Lambda):
                return self.expression(tree.body, frame)
            return self._returned(self.block(tree.body, frame))
        except (RefusedError, RaisedError) as stopped:
            stopped.place = stopped.place or (frame.path, self.place.node)
            raise
        except RecursionError as error:
            raise _too_deep() from error
        except Exception as error:
            if self.unexpected is None or self.unexpected[0] is not error:
                self.unexpected = error, frame.path, self.place.node
            raise

    def _returned(self, outcome: Outcome) -> Value:
        if isinstance(outcome, Left):
            raise RaisedError(RuntimeError("the function raises on every path"))
        return outcome.value if outcome is not None else None

    def bind_name(self, frame: Frame, name: str, value: Value) -> None:
        """Give a variable a value."""
        self.effects.journal(frame.variables)
        frame.variables[name] = self.effects.now_of(value)

    def drop(self, refusal: RefusedError) -> None:
        """Note an arm that raises instead of being lowered."""
        if refusal.kept is not None:
            self.wanted[id(refusal.kept.module), refusal.kept.name] = refusal.kept
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
        return run_on_examples(
            what, function, examples, keywords, is_rough=bool(self.untaken_arms or self.has_rough_examples)
        )

    def lift(self, value: Value) -> Value:
        """A tensor of the user becomes a value of the residual program; a list that became one is that."""
        if isinstance(value, torch.Tensor):
            return self.residual.tensor(value)
        return self.effects.now_of(value)

    def iterate(self, value: Value) -> list[Value]:
        """The items of something whose length is known now."""
        if isinstance(value, Dyn):
            if isinstance(value.example, tuple) and not isinstance(value.type, t.List):
                return self.unpack(value, len(value.example))
            raise RefusedError("length-known-at-run-time", "something of a length known only at run time is unrolled")
        if isinstance(value, (torch.Tensor, *SPECIAL_VALUES)):
            raise RefusedError("length-known-at-run-time", "something of a length known only at run time is unrolled")
        if isinstance(value, walking.Once):
            value.refuse_spent()
            value.is_spent = True
        return self.items(value)


def _too_deep() -> RefusedError:
    return RefusedError("recursion", "calls or expressions are nested too deeply")
