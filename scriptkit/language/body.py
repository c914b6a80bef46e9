"""The state of the typing pass over one function, and what its parts need of each other."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scriptkit.language import operators
from scriptkit.language.frames import Binding, Frame
from scriptkit.language.problems import Problem
from scriptkit.language.types import ANY, NONE, UNKNOWN, Instance, Tuple, Type, Union, is_optional
from scriptkit.language.values import (
    AnyValue,
    BoundOperator,
    ClassValue,
    ContainerMethod,
    ContainerValue,
    DottedValue,
    FunctionValue,
    Iteration,
    ModuleValue,
    Sugared,
    TupleValue,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.language.facts import ClassFacts, FunctionFacts
    from scriptkit.language.inference import Session, Sink

# what a loop runs over without being a value
LAZY = frozenset({"range", "enumerate", "zip"})


class Body:
    """One function being typed."""

    def __init__(self, session: Session, facts: FunctionFacts, cls: ClassFacts | None, sink: Sink) -> None:
        self.session = session
        self.module = facts.module
        self.annotations = session.annotations
        self.facts = facts
        self.cls = cls
        self.sink = sink
        self.frame = Frame()
        self.uncertain = 0
        self.declared: Type | None = None
        self.returned: AnyValue | None = None
        self.first_return: ast.AST | None = None
        self.unrolled = 0
        self.checks: list[ast.expr] = []
        self.calling: ast.Call | None = None
        self.unrefined: set[str] = set()

    # -- implemented by the parts ------------------------------------------------
    def value(self, node: ast.expr, hint: Type | None = None) -> AnyValue:
        """What an expression is."""
        raise NotImplementedError

    def block(self, body: Sequence[ast.stmt]) -> bool:
        """Run statements; True when control never leaves them at the end."""
        raise NotImplementedError

    def call(self, node: ast.Call, hint: Type | None = None) -> AnyValue:
        """What a call gives."""
        raise NotImplementedError

    def subscript(self, node: ast.Subscript, hint: Type | None = None) -> AnyValue:
        """What `a[b]` is."""
        raise NotImplementedError

    def iterate(self, value: AnyValue, node: ast.expr) -> Iteration:
        """What a loop over a value runs over."""
        raise NotImplementedError

    def assign(
        self, target: ast.expr, value: AnyValue, origin: ast.expr | None, annotation: Type | None = None
    ) -> None:
        """Bind a target."""
        raise NotImplementedError

    def attribute(self, receiver: AnyValue, name: str, node: ast.expr) -> AnyValue:
        """`receiver.name`."""
        raise NotImplementedError

    def condition(self, node: ast.expr) -> Condition:
        """A test, with what it proves."""
        raise NotImplementedError

    def call_value(self, function: AnyValue, node: ast.Call) -> AnyValue:
        """Call what has been evaluated."""
        raise NotImplementedError

    def augmented(self, node: ast.AugAssign) -> Type | None:
        """`target op= value`."""
        raise NotImplementedError

    def module_attribute(self, receiver: ModuleValue, name: str, node: ast.expr) -> AnyValue:
        """An attribute of a module."""
        raise NotImplementedError

    def dotted_attribute(self, receiver: DottedValue, name: str, node: ast.expr) -> AnyValue:
        """An attribute of something imported."""
        raise NotImplementedError

    def class_attribute(self, receiver: ClassValue, name: str, node: ast.expr) -> AnyValue:
        """An attribute of a class of the file."""
        raise NotImplementedError

    def instance_attribute(self, receiver: Instance, name: str, node: ast.expr) -> AnyValue:
        """An attribute of an enum member or a script class."""
        raise NotImplementedError

    def assign_attribute(self, target: ast.Attribute, value: AnyValue, origin: ast.expr | None) -> None:
        """`self.x = value`."""
        raise NotImplementedError

    def assign_item(self, target: ast.Subscript, value: AnyValue, origin: ast.expr | None) -> None:
        """`a[b] = value`."""
        raise NotImplementedError

    def element_problem(self, holder: ast.expr, node: ast.expr, container: Type, element: Type) -> Type:
        """An element of another type goes into a container."""
        raise NotImplementedError

    def global_value(self, node: ast.Name) -> AnyValue:
        """A name that is no local."""
        raise NotImplementedError

    def read_annotation(self, node: ast.expr, where: str) -> Type:
        """The type an annotation of compiled code names; what is wrong with it is reported."""
        raise NotImplementedError

    def static_truth(self, node: ast.expr, value: AnyValue) -> bool | str | None:
        """Whether the compiler knows a test's value."""
        raise NotImplementedError

    def has_attribute(self, receiver: AnyValue, name: str) -> bool | str:
        """What `hasattr` says at compile time."""
        raise NotImplementedError

    def constant(self, node: ast.expr) -> int | str | None:
        """The value of a constant; "constant" where only the instance has it; None where it is none."""
        raise NotImplementedError

    def magic(self, receiver: Instance, name: str, node: ast.expr) -> AnyValue:
        """What a special method of an object gives."""
        raise NotImplementedError

    def entered(self, value: AnyValue, node: ast.expr) -> AnyValue:
        """What `with value as name` binds."""
        raise NotImplementedError

    def trusts_unannotated(self, name: str) -> bool:
        """Whether a parameter without annotation may be blamed."""
        raise NotImplementedError

    # -- shared --------------------------------------------------------------------
    def report(self, kind: str, node: ast.AST, *related: ast.AST | None, **data: Any) -> Type:
        """Report a problem; gives `UNKNOWN`, the type of whatever has one."""
        others = tuple(n for n in related if n is not None)
        self.sink.add(Problem(kind, node, self.facts, others, data, certain=not self.uncertain))
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
            return self.report("module-as-value", node, type=value, use=use)
        if isinstance(value, (FunctionValue, ContainerMethod, BoundOperator)):
            return self.report("callable-argument", node, name=ast.unparse(node), use=use)
        if isinstance(value, Iteration) and value.kind in LAZY:
            return self.report("range-forms", node, why=value.kind)
        if isinstance(value, DottedValue):
            return self.dotted_as_type(value, node, use)
        return UNKNOWN

    def dotted_as_type(self, value: DottedValue, node: ast.expr, use: str) -> Type:
        """An imported name where a value is needed."""
        is_function = operators.operator_of(value.dotted) or operators.python_function(value.dotted)
        if is_function or (use.startswith("argument") and value.dotted.startswith("builtins.")):
            return self.report("callable-argument", node, name=value.dotted.partition(".")[2], use=use)
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
            self.report("any-typed-value", node, text=ast.unparse(node), type=found, use=use)
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
            return self.report("optional-attribute-not-refined", node, related, text=text, type=found, use=use)
        if isinstance(node, ast.Subscript) and related is not None:
            return self.report("optional-element-not-refined", node, related, text=text, type=found, use=use)
        return self.report("optional-not-refined", node, related, text=text, type=found, use=use)

    @contextmanager
    def inner(self, names: dict[str, Type] | None = None) -> Iterator[Frame]:
        """A block of its own, with the refinements that hold in it."""
        outside = self.frame
        self.frame = Frame(outside)
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
    def doubtful(self, *, doubt: bool = True) -> Iterator[None]:
        """What is found in here depends on the instance."""
        self.uncertain += doubt
        try:
            yield
        finally:
            self.uncertain -= doubt


class Condition:
    """A test: what it proves about names on either side, and its value where the compiler knows it.

    `static` is True or False, or "unknown" for a constant whose value only the instance has, or None.
    """

    __slots__ = ("proves_false", "proves_true", "static")

    def __init__(
        self,
        proves_true: dict[str, Type] | None = None,
        proves_false: dict[str, Type] | None = None,
        static: bool | str | None = None,  # noqa: FBT001 - three states, and one of them a word
    ) -> None:
        self.proves_true = proves_true or {}
        self.proves_false = proves_false or {}
        self.static = static

    def negated(self) -> Condition:
        """The test with `not` before it."""
        static = not self.static if isinstance(self.static, bool) else self.static
        return Condition(self.proves_false, self.proves_true, static)


def may_be_none(t: Type) -> bool | None:
    """True: is None; False: never; None: perhaps."""
    if t is NONE:
        return True
    if is_optional(t) or t is UNKNOWN or (isinstance(t, Union) and t.has_unknown):
        return None
    return False


def enum_of(t: AnyValue) -> Instance | None:
    """The enum a value is a member of."""
    return t if isinstance(t, Instance) and t.kind == "enum" else None
