"""Typing whole classes: what the compiler would compile of each, and whatever that reaches."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.declarations import declaration_problems
from scriptkit.language.inference.functions import type_function
from scriptkit.language.inference.session import Session
from scriptkit.language.inference.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.language.facts import ClassFacts, FunctionFacts, ModuleFacts
    from scriptkit.language.inference.sink import Oracle


def infer(cls: ClassFacts, oracle: Oracle | None = None) -> None:
    """Type one class."""
    infer_all(cls.module, [cls], oracle)


def infer_all(module: ModuleFacts, classes: Sequence[ClassFacts], oracle: Oracle | None = None) -> None:
    """Type several classes of a file, sharing what they have in common."""
    session = Session(module, type_function, oracle)
    for cls in classes:
        _infer(session, cls)


def _infer(session: Session, cls: ClassFacts) -> None:
    """Type a class and fill in the typed part of its facts."""
    sink = Sink(cls)
    for problem in declaration_problems(cls, session.annotations, session.members):
        sink.add(problem)
    for method in _entry_points(cls):
        session.result(method, cls, sink)
    for function in cls.alone:
        session.result(function, function.owner, sink)
    cls.problems = sink.problems
    cls.types = sink.types
    cls.dead = sink.dead
    cls.doubted = sink.doubted


def _entry_points(cls: ClassFacts) -> Iterator[FunctionFacts]:
    """Properties, forward, exported methods, what other files call: what is compiled although nothing here calls it.

    Of a class of scriptkit's, properties that nothing reads stay Python where they do not script.
    """
    skipped = {name for c in cls.mro for name in _strings(c.class_values.get("__jit_unused_properties__"))}
    for method in () if cls.scriptable else cls.methods.values():
        if method.name in skipped:
            continue
        if method.kind in ("property", "setter") and not method.marks & {"ignore", "unused"}:
            yield method
    forward = cls.methods.get("forward")
    if forward is not None and not forward.marks & {"ignore", "unused"} and forward.kind == "method":
        yield forward
    for method in cls.methods.values():
        if "export" in method.marks or (method.name in cls.called and not method.marks & {"ignore", "unused"}):
            yield method


def _strings(node: ast.expr | None) -> frozenset[str]:
    """The strings in a list display."""
    found = [] if node is None else list(ast.walk(node))
    return frozenset(n.value for n in found if isinstance(n, ast.Constant) and isinstance(n.value, str))
