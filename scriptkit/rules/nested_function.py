"""The rule `nested-function`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class NestedFunction(Rule):
    """A function or class defined inside a compiled method."""

    code = "SK504"
    name = "nested-function"
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
        for function, node in nodes(cls, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
            is_class = isinstance(node, ast.ClassDef)
            yield self.found(
                cls,
                word(cls, node, "class" if is_class else "def"),
                f"`{node.name}` is defined inside `{function.name}`",
                help=f"make `{node.name}` {'a class' if is_class else 'a method, or a function'} of the module",
                method=function.name,
            )
