"""The typing pass: a gradual abstract interpreter that follows TorchScript's own rules over Python's `ast`.

`infer_all` types what the compiler would compile of a class: `forward`, exported methods, properties, and whatever
they reach.
Each function is one `FunctionPass`; a `Session` holds what the passes of a file share.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Protocol

from scriptkit.language import operators
from scriptkit.language.annotations import Annotations
from scriptkit.language.arithmetic import CONSTANTS
from scriptkit.language.conditions import Conditions
from scriptkit.language.declarations import declaration_problems
from scriptkit.language.expressions import Expressions
from scriptkit.language.frames import Binding
from scriptkit.language.lookups import Lookups
from scriptkit.language.members import Members
from scriptkit.language.operators import Argument, Schema
from scriptkit.language.source import read
from scriptkit.language.special_forms import SpecialForms
from scriptkit.language.statements import Statements
from scriptkit.language.subscripts import Subscripts
from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Instance,
    Type,
    is_subtype,
    unify,
    without_none,
)
from scriptkit.language.values import ModuleValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.body import Body
    from scriptkit.language.facts import ClassFacts, FunctionFacts, ModuleFacts
    from scriptkit.language.problems import Problem
    from scriptkit.language.values import AnyValue

DEPTH = 60
DEFAULTS_CONVERTED = frozenset(
    {(INT, FLOAT), (BOOL, INT), (BOOL, FLOAT), (INT, COMPLEX), (FLOAT, COMPLEX), (STR, DEVICE)}
    | {(INT, BOOL), (FLOAT, BOOL), (NONE, BOOL)}
)


class Oracle(Protocol):
    """What a door knows beyond the text of the file: mypy's types. None means that it does not know either.

    It is asked where the text does not tell, and never about what a problem was found in.
    """

    def attribute_value(self, cls: ClassFacts, name: str) -> AnyValue | None:
        """What an attribute of a module is."""

    def call_schema(self, node: ast.Call) -> Schema | None:
        """What a function, method or module of another file takes and gives."""

    def variable_type(self, name: str) -> Type | None:
        """The type of a variable that is imported from another file."""


class Sink:
    """Where problems and types go; one for each class that is typed, or a silent one for a class that is only asked."""

    def __init__(self, cls: ClassFacts | None) -> None:
        self.cls = cls
        self.problems: list[Problem] = []
        self.types: dict[ast.AST, Type] = {}
        self.dead: set[ast.AST] = set()
        self.blamed: set[ast.AST] = set()
        self.undefined: set[str] = set()
        self._seen: set[tuple[str, int]] = set()
        self._muted = 0

    def add(self, problem: Problem) -> None:
        """Keep a problem; one culprit has one problem of a kind."""
        key = (problem.kind, id(problem.node))
        if not self._muted and key not in self._seen:
            self._seen.add(key)
            self.problems.append(problem)
            self.blamed.update(problem.related)

    def type(self, node: ast.AST, found: Type) -> None:
        """Remember the type of an expression."""
        if self.cls is not None:
            self.types[node] = found

    def kill(self, *nodes: ast.AST) -> None:
        """The compiler emits nothing for these."""
        self.dead.update(nodes)

    @contextmanager
    def muted(self, wanted: bool = True) -> Iterator[None]:  # noqa: FBT001, FBT002
        """Ask without reporting."""
        self._muted += wanted
        try:
            yield
        finally:
            self._muted -= wanted


class FunctionPass(Statements, Conditions, Expressions, SpecialForms, Subscripts, Lookups):
    """All parts together: types one function."""

    def run(self) -> AnyValue:
        """Type the function; gives what it returns."""
        node = self.facts.node
        overloaded = self.facts.owner is not None and self.facts.name in self.facts.owner.overloaded
        if isinstance(node, ast.AsyncFunctionDef) or overloaded or _has_type_comment(self.module, node):
            return UNKNOWN
        self._bind_parameters()
        if node.returns is not None:
            self.declared = self.read_annotation(node.returns, "return")
        exits = self.block(node.body)
        self._check_unannotated_defaults()
        if not exits and not self.maybe_exited:
            self._falls_off(node)
        if self.declared is not None:
            return self.declared
        return NONE if self.returned is None else self.returned

    def _falls_off(self, node: ast.FunctionDef) -> None:
        if self.declared is not None:
            if self.declared is not NONE and not self.declared.has_unknown and not _is_stub(node):
                self.report("missing-return-path", node, declared=self.declared)
        elif isinstance(self.returned, Type):
            joined = unify(self.returned, NONE)
            self.returned = UNKNOWN if joined is None else joined

    def _bind_parameters(self) -> None:
        facts = self.facts
        for index, parameter in enumerate(facts.parameters):
            value: AnyValue
            if index == 0 and facts.self_name is not None:
                value = self._self_value()
            elif parameter.kind in ("varargs", "kwargs"):
                value = UNKNOWN
            elif parameter.annotation is None:
                value = TENSOR
                if isinstance(parameter.default, ast.Constant) and parameter.default.value is None:
                    with self.doubtful():
                        self.report("unannotated-param-none-default", parameter.node, name=parameter.name)
            else:
                value = self.read_annotation(parameter.annotation, "parameter")
                self._check_default(parameter.name, value, parameter.default)
            parameter.type = value if isinstance(value, Type) else None
            self.frame.bind(parameter.name, Binding(value, parameter.node))

    def _check_unannotated_defaults(self) -> None:
        """A default of another type betrays a parameter without annotation, unless a use has done so already."""
        for parameter in self.facts.parameters:
            default = parameter.default
            if parameter.annotation is not None or not isinstance(default, ast.Constant) or default.value is None:
                continue
            if parameter.node not in self.sink.blamed:
                kind = CONSTANTS.get(type(default.value))
                text = ast.unparse(default)
                self.report(
                    "unannotated-param-not-tensor",
                    parameter.node,
                    name=parameter.name,
                    default=text,
                    use="",
                    guess=kind,
                )

    def _self_value(self) -> AnyValue:
        cls = self.cls
        if cls is None or self.facts.kind == "class":
            return UNKNOWN
        return ModuleValue(cls.name, cls) if cls.is_module else Instance(cls, "script-class")

    def _check_default(self, name: str, declared: Type, default: ast.expr | None) -> None:
        if not isinstance(default, ast.Constant) or declared.has_unknown or type(default.value) not in CONSTANTS:
            return
        given = CONSTANTS[type(default.value)]
        if declared is TENSOR and given is NONE:
            with self.doubtful():
                self.report("default-not-of-type", default, name=name, declared=declared, default="None")
        elif not is_subtype(given, declared) and (given, without_none(declared)) not in DEFAULTS_CONVERTED:
            self.report("default-not-of-type", default, name=name, declared=declared, default=ast.unparse(default))


class Session:
    """What the passes over one file share."""

    def __init__(self, module: ModuleFacts, oracle: Oracle | None = None) -> None:
        self.module = module
        self.oracle = oracle
        self.annotations = Annotations(module)
        self.members = Members(module, self.annotations)
        self._returns: dict[tuple[int, ast.AST, bool], AnyValue] = {}
        self._active: list[tuple[int, ast.AST, bool]] = []

    def infer(self, cls: ClassFacts) -> None:
        """Type a class and fill in the typed part of its facts."""
        sink = Sink(cls)
        for problem in declaration_problems(cls, self.annotations, self.members):
            sink.add(problem)
        for method in _entry_points(cls):
            self._run(method, cls, sink)
        cls.problems = sink.problems
        cls.types = sink.types
        cls.dead = sink.dead

    def _run(self, facts: FunctionFacts, cls: ClassFacts | None, sink: Sink) -> AnyValue:
        key = (id(cls), facts.node, sink.cls is not None)
        if key in self._returns:
            return self._returns[key]
        if key in self._active or len(self._active) > DEPTH:
            return UNKNOWN
        if sink.cls is not None and facts not in sink.cls.compiled:
            sink.cls.compiled.append(facts)
        self._active.append(key)
        try:
            self._returns[key] = FunctionPass(self, facts, cls, sink).run()
        finally:
            self._active.remove(key)
        return self._returns[key]

    def returns(self, facts: FunctionFacts, cls: ClassFacts | None, caller: Body) -> AnyValue:
        """What a function gives; compiles it if that has not happened yet."""
        if facts.marks & {"ignore", "unused", "overload", "abstract"}:
            return UNKNOWN if facts.node.returns is None else self.annotations.type(facts.node.returns)
        own = caller.sink.cls is not None and (cls is None or cls is caller.sink.cls or not cls.is_module)
        key = (id(cls), facts.node, own)
        if key in self._active:
            if cls is caller.cls or facts.owner is None:
                caller.report("recursion", caller.calling or caller.facts.node, name=facts.name)
            return UNKNOWN if facts.node.returns is None else self.annotations.type(facts.node.returns)
        return self._run(facts, cls, caller.sink if own else Sink(None))

    def schema(self, facts: FunctionFacts, cls: ClassFacts | None, returns: Type) -> Schema:
        """The schema of a function of the file."""
        skip = 1 if facts.self_name is not None else 0
        del cls
        vague = isinstance(facts.node, ast.FunctionDef) and _has_type_comment(facts.module, facts.node)
        arguments = [
            Argument(p.name, self.annotations.type(p.annotation), p.default is not None, p.kind == "keyword", 0)
            for p in facts.parameters[skip:]
        ]
        arguments = [
            Argument(a.name, UNKNOWN, a.has_default, a.keyword_only, 0) if vague else a
            for a, p in zip(arguments, facts.parameters[skip:], strict=False)
        ]
        return Schema(facts.name, tuple(arguments), returns, internal=True)

    @staticmethod
    @cache
    def library_forward(name: str) -> Schema | None:
        """The forward of a class of `torch.nn`, where its annotations say what it returns."""
        known = operators.nn_module(name)
        if known is None or known["forward"] is None:
            return None
        returns = LIBRARY.type_of_text(known["forward"]["returns"])
        parameters = known["forward"]["parameters"]
        if returns is UNKNOWN or any(kind.startswith("VAR") for *_, kind in parameters):
            return None
        arguments = [
            Argument(n, LIBRARY.type_of_text(text), has_default, keyword_only=kind == "KEYWORD_ONLY", length=0)
            for n, text, has_default, kind in parameters
        ]
        return Schema(name, tuple(arguments), returns, internal=True)


LIBRARY = Annotations(read("import torch, typing\nfrom torch import Tensor\nfrom typing import *", "torch.nn"))


def infer(cls: ClassFacts, oracle: Oracle | None = None) -> None:
    """Type one class."""
    Session(cls.module, oracle).infer(cls)


def infer_all(module: ModuleFacts, classes: list[ClassFacts], oracle: Oracle | None = None) -> None:
    """Type several classes of a file, sharing what they have in common."""
    session = Session(module, oracle)
    for cls in classes:
        session.infer(cls)


def _entry_points(cls: ClassFacts) -> Iterator[FunctionFacts]:
    """Properties, forward, exported methods: what is compiled although nothing calls it."""
    skipped = {name for c in cls.mro for name in _strings(c.class_values.get("__jit_unused_properties__"))}
    for method in cls.methods.values():
        if method.name in skipped:
            continue
        if method.kind in ("property", "setter") and not method.marks & {"ignore", "unused"}:
            yield method
    forward = cls.methods.get("forward")
    if forward is not None and not forward.marks & {"ignore", "unused"} and forward.kind == "method":
        yield forward
    for method in cls.methods.values():
        if "export" in method.marks:
            yield method


def _strings(node: ast.expr | None) -> frozenset[str]:
    """The strings in a list display."""
    found = [] if node is None else list(ast.walk(node))
    return frozenset(n.value for n in found if isinstance(n, ast.Constant) and isinstance(n.value, str))


def _has_type_comment(module: ModuleFacts, node: ast.FunctionDef) -> bool:
    """Whether the signature is given by a comment, as in Python 2."""
    lines = module.lines[node.lineno - 1 : node.body[0].lineno]
    return any("# type: (" in line for line in lines)


def _is_stub(node: ast.FunctionDef) -> bool:
    """A body that only raises, or is empty."""
    return all(isinstance(s, (ast.Pass, ast.Expr)) for s in node.body)
