"""What the passes over one file share: its annotations, its attributes, and what its functions give."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from scriptkit.language.annotations import Annotations
from scriptkit.language.members.assigned import Members
from scriptkit.language.operators import Argument, Schema
from scriptkit.language.types import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import ClassFacts, FunctionFacts, ModuleFacts
    from scriptkit.language.inference.sink import Oracle, Sink
    from scriptkit.language.types import Type

DEPTH = 60
# types one function and gives what it returns; handed to the session, for it needs the whole pass
TypeFunction: TypeAlias = "Callable[[Session, FunctionFacts, ClassFacts | None, Sink], AnyValue]"


class Session:
    """What the passes over one file share."""

    def __init__(self, module: ModuleFacts, type_function: TypeFunction, oracle: Oracle | None = None) -> None:
        self.module = module
        self.oracle = oracle
        self.annotations = Annotations(module)
        self.members = Members(self.annotations)
        self._type_function = type_function
        self._results: dict[tuple[int, ast.AST, bool], AnyValue] = {}
        self._active: list[tuple[int, ast.AST, bool]] = []

    def is_active(self, facts: FunctionFacts, cls: ClassFacts | None, *, reports: bool) -> bool:
        """Whether a function is being typed at this moment: whoever asks for it then is called by it."""
        return (id(cls), facts.node, reports) in self._active

    def result(self, facts: FunctionFacts, cls: ClassFacts | None, sink: Sink) -> AnyValue:
        """What a function gives; typed once with its problems, and once without them."""
        key = (id(cls), facts.node, sink.cls is not None)
        if key in self._results:
            return self._results[key]
        if key in self._active or len(self._active) > DEPTH:
            return UNKNOWN
        if sink.cls is not None and facts not in sink.cls.compiled:
            sink.cls.compiled.append(facts)
        self._active.append(key)
        try:
            self._results[key] = self._type_function(self, facts, cls, sink)
        finally:
            self._active.remove(key)
        return self._results[key]

    def schema(self, facts: FunctionFacts, returns: Type) -> Schema:
        """The schema of a function of the file."""
        skip = 1 if facts.self_name is not None else 0
        vague = isinstance(facts.node, ast.FunctionDef) and has_type_comment(facts.module, facts.node)
        arguments = [
            Argument(
                p.name,
                UNKNOWN if vague else self.annotations.type(p.annotation),
                has_default=p.default is not None,
                keyword_only=p.kind == "keyword",
                length=0,
            )
            for p in facts.parameters[skip:]
        ]
        return Schema(facts.name, tuple(arguments), returns, internal=True)


def has_type_comment(module: ModuleFacts, node: ast.FunctionDef) -> bool:
    """Whether the signature is given by a comment, as in Python 2."""
    lines = module.lines[node.lineno - 1 : node.body[0].lineno]
    return any("# type: (" in line for line in lines)
