"""The state of the typing pass over one function, and what all its parts do with a value."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.language import operators
from scriptkit.language.facts import Problem
from scriptkit.language.inference.frames import Binding, Frame
from scriptkit.language.problems.arguments import CallableArgument
from scriptkit.language.problems.calls import RangeForms
from scriptkit.language.problems.modules import ModuleAsValue
from scriptkit.language.problems.optionals import (
    AnyTypedValue,
    OptionalAttributeNotRefined,
    OptionalElementNotRefined,
    OptionalNotRefined,
)
from scriptkit.language.types import ANY, UNKNOWN, Tuple, Type, is_optional
from scriptkit.language.values import (
    LAZY,
    BoundOperator,
    ContainerMethod,
    ContainerValue,
    DottedValue,
    FunctionValue,
    Iteration,
    ModuleValue,
    TupleValue,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scriptkit.language.abstract import AnyValue, Sugared
    from scriptkit.language.facts import ClassFacts, FunctionFacts
    from scriptkit.language.inference.session import Session
    from scriptkit.language.inference.sink import Sink
    from scriptkit.language.problems.kind import Kind


class Handlers(NamedTuple):
    """What reads an expression and what runs a statement, by the class of its node; filled in `handlers.py`.

    A reader gets the type that is wanted, where one is. A runner says whether control never leaves the statement.
    """

    expressions: Mapping[type[ast.expr], Callable[[Body, Any, Type | None], AnyValue]]
    statements: Mapping[type[ast.stmt], Callable[[Body, Any], bool | None]]


class Body:
    """One function being typed."""

    def __init__(
        self, session: Session, facts: FunctionFacts, cls: ClassFacts | None, sink: Sink, handlers: Handlers
    ) -> None:
        self.session = session
        self.module = facts.module
        self.annotations = session.annotations
        self.facts = facts
        self.cls = cls
        self.sink = sink
        self.frame = Frame()
        self.uncertain = 0
        self.decided_later = 0  # how many tests round this code the instance decides
        self.declared: Type | None = None
        self.returned: AnyValue | None = None
        self.first_return: ast.AST | None = None
        self.maybe_exited = False
        self.unrolled = 0
        self.checks: list[ast.expr] = []
        self.calling: ast.Call | None = None
        self.unrefined: set[str] = set()
        self._read, self._run = handlers

    def value(self, node: ast.expr, hint: Type | None = None) -> AnyValue:
        """What an expression is; its type is recorded."""
        read = self._read.get(type(node))
        found = UNKNOWN if read is None else read(self, node, hint)
        if isinstance(found, Type):
            self.sink.type(node, found)
        return found

    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Run statements; True when control never leaves them at the end."""
        for index, statement in enumerate(statements):
            run = self._run.get(type(statement))
            if self.decided_later:
                self.sink.doubted.add(statement)
            if run is not None and run(self, statement):
                self.sink.kill(*statements[index + 1 :])
                return True
        return False

    def report(self, data: Kind, node: ast.AST, *related: ast.AST | None, is_certain: bool = True) -> Type:
        """Report a problem; gives `UNKNOWN`, the type of whatever has one."""
        others = tuple(n for n in related if n is not None)
        self.sink.add(Problem(data, node, self.facts, others, certain=is_certain and not self.uncertain))
        return UNKNOWN

    def type(self, node: ast.expr, hint: Type | None = None, use: str = "") -> Type:
        """The type of an expression that must be a value."""
        return self.as_type(self.value(node, hint), node, use)

    def as_type(self, value: AnyValue, node: ast.expr, use: str = "") -> Type:
        """The type of a value; what is no value is a problem."""
        if isinstance(value, Type):
            return value
        if isinstance(value, TupleValue):
            return Tuple([self.as_type(part, node, use) for part in value.items])
        return self._not_a_value(value, node, use)

    def _not_a_value(self, value: Sugared, node: ast.expr, use: str) -> Type:
        if isinstance(value, (ModuleValue, ContainerValue)):
            if self.unsure_module(value):
                return UNKNOWN
            return self.report(ModuleAsValue(type=value, use=use), node)
        if isinstance(value, (FunctionValue, ContainerMethod, BoundOperator)):
            return self.report(CallableArgument(name=ast.unparse(node), use=use), node)
        if isinstance(value, Iteration) and value.kind in LAZY:
            return self.report(RangeForms(why=value.kind), node)
        if isinstance(value, DottedValue):
            return self.dotted_as_type(value, node, use)
        return UNKNOWN

    def dotted_as_type(self, value: DottedValue, node: ast.expr, use: str) -> Type:
        """An imported name where a value is needed."""
        is_function = operators.operator_of(value.dotted) or operators.python_function(value.dotted)
        if is_function or (use.startswith("argument") and value.dotted.startswith("builtins.")):
            return self.report(CallableArgument(name=value.dotted.partition(".")[2], use=use), node)
        return UNKNOWN

    @staticmethod
    def unsure_module(value: ModuleValue | ContainerValue) -> bool:
        """Whether a value merely may be a module."""
        return isinstance(value, ModuleValue) and (value.maybe or not value.name)

    def need(self, found: Type, node: ast.expr, use: str) -> bool:
        """Report a value that may be None (or anything) where it must not; True where it may be used."""
        if is_optional(found):
            self.not_refined(found, node, use)
            return False
        if found is ANY:
            self.report(AnyTypedValue(text=ast.unparse(node), type=found, use=use), node)
            return False
        return True

    def not_refined(self, found: Type, node: ast.expr, use: str) -> Type:
        """An Optional that is used as if it had a value."""
        text = ast.unparse(node)
        related = next((check for check in reversed(self.checks) if ast.unparse(check) == text), None)
        if isinstance(node, ast.Attribute) and text in self.unrefined:
            return UNKNOWN
        if isinstance(node, ast.Attribute):
            self.unrefined.add(text)
            return self.report(OptionalAttributeNotRefined(text=text, type=found, use=use), node, related)
        if isinstance(node, ast.Subscript) and related is not None:
            return self.report(OptionalElementNotRefined(text=text, type=found, use=use), node, related)
        return self.report(OptionalNotRefined(text=text, type=found, use=use), node, related)

    @contextmanager
    def inner(self, names: dict[str, Type] | None = None, *, has_own_names: bool = False) -> Iterator[Frame]:
        """A block of its own, with the refinements that hold in it."""
        outside = self.frame
        self.frame = Frame(outside, has_own_names=has_own_names)
        self.refine(names or {})
        try:
            yield self.frame
        finally:
            self.frame = outside

    def refine(self, names: dict[str, Type]) -> None:
        """Bind names to the types a test has proven."""
        for name, proven in names.items():
            known = self.frame.find(name)
            if known is not None:
                self.frame.bind(name, Binding(proven, known.node, known.origin, refined=True))

    @contextmanager
    def doubtful(self, *, doubt: bool = True, decided_later: bool = False) -> Iterator[None]:
        """What is found in here depends on the instance; with `decided_later`, whether it is compiled at all."""
        self.uncertain += doubt
        self.decided_later += decided_later
        try:
            yield
        finally:
            self.uncertain -= doubt
            self.decided_later -= decided_later

    def may_have_ended(self) -> None:
        """From here on, the function may have ended in instances of some kind, so that nothing more is compiled."""
        self.maybe_exited = True
        self.uncertain += 1
        self.decided_later += 1
