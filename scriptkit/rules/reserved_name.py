"""The rule `reserved-name`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ReservedName(Rule):
    """A local name that begins with `__jit`."""

    code = "SK522"
    name = "reserved-name"
    label = "a name the compiler reserves"
    note = "names that begin with `__jit` belong to the compiler"
    VALID = (forward("scaled = x * 2\nreturn scaled"),)
    INVALID = (Invalid(forward("__jit_scaled = x * 2  # <-\nreturn __jit_scaled"), "can't start with __jit"),)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        seen = set()
        for function, node in nodes(cls, ast.Name):
            if node.id.startswith("__jit") and (function, node.id) not in seen:
                seen.add((function, node.id))
                yield self.found(
                    cls,
                    node,
                    f"`{node.id}` begins with `__jit`",
                    help="rename it",
                    suggestion=node.id.removeprefix("__jit").strip("_"),
                    method=function.name,
                )
