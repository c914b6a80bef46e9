"""The rule `kwargs-call`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class KwargsCall(Rule):
    """A call that expands a dict into keyword arguments."""

    code = "SK517"
    name = "kwargs-call"
    label = "arguments unknown to the compiler"
    note = "the compiler matches arguments by name while compiling, even under `is_scripting()`"
    help = "pass each keyword argument by name"
    VALID = (forward("return x.sum(dim=0, keepdim=True)"),)
    INVALID = (
        Invalid(
            forward('options = {"dim": 0}\nreturn x.sum(**options)  # <-'), "keyword-arg expansion is not supported"
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            for keyword in node.keywords:
                if keyword.arg is None:
                    yield self.found(
                        cls,
                        keyword.value,
                        f"{shown(keyword.value)} is expanded into keyword arguments",
                        method=function.name,
                    )
                    break
