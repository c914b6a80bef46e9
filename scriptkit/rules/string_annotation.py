"""The rule `string-annotation`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import declarations
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class StringAnnotation(Rule):
    """A quoted annotation in the class body.

    The compiler sees the string. A `ScriptableModule` may have it.
    """

    code = "SK115"
    name = "string-annotation"
    raw = (r"Unknown type annotation: '",)
    lifted = True
    supersedes = ("unsupported-annotation", "submodule-annotation")
    label = "a string, not a type"
    note = "the compiler resolves quoted annotations in signatures only, never in the class body"
    help = "leave out the quotes"
    VALID = (model("self.sizes = []", "return x * len(self.sizes)", declared="sizes: List[int]"),)
    INVALID = (
        Invalid(
            model("self.sizes = []", "return x * len(self.sizes)", declared='sizes: "List[int]"  # <-'),
            "Unknown type annotation",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for name, declaration in declarations(cls):
            quoted = declaration.annotation
            if isinstance(quoted, ast.Constant) and isinstance(quoted.value, str) and not cls.module.future_annotations:
                yield self.found(
                    cls, declaration, f"the annotation of `{name}` is quoted", suggestion=f"{name}: {quoted.value}"
                )
