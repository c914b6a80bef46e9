"""The rule `nested-function`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from scriptkit.language.parsing import TYPE_STATEMENTS
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts

DEFINITIONS: dict[Any, tuple[str, str]] = {
    ast.FunctionDef: ("def", "a method, or a function"),
    ast.AsyncFunctionDef: ("def", "a method, or a function"),
    ast.ClassDef: ("class", "a class"),
    **dict.fromkeys(TYPE_STATEMENTS, ("type", "a type")),
}


class NestedFunction(Rule):
    """A function, class or type alias defined inside a compiled method."""

    code = "SK504"
    name = "nested-function"
    raw = ("(function|class) definitions aren't supported", "[tT]ypeAlias aren't supported")
    label = "a definition inside compiled code"
    note = "the compiler reads functions and classes of a module or class, never of a function body"
    VALID = (
        """
        class Model(nn.Module):
            def halve(self, x: Tensor) -> Tensor:
                return x / 2

            def forward(self, x: Tensor) -> Tensor:
                return self.halve(x)
        """,
    )
    INVALID = (
        Invalid(
            forward("def halve(t: Tensor) -> Tensor:  # <-\n    return t / 2\n\nreturn halve(x)"),
            "function definitions aren't supported",
        ),
        Invalid(forward("class Half:  # <-\n    pass\n\nreturn x / 2"), "class definitions aren't supported"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, *DEFINITIONS):
            keyword, kind = DEFINITIONS[type(node)]
            name = node.name if isinstance(node.name, str) else node.name.id
            yield self.found(
                cls,
                word(cls, node, keyword),
                f"`{name}` is defined inside `{function.name}`",
                help=f"make `{name}` {kind} of the module",
                method=function.name,
            )
