"""The rule `isinstance-abstract-number`."""

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


class IsinstanceAbstractNumber(Rule):
    """`isinstance` with an abstract number of the module `numbers`: in compiled code it is always false."""

    code = "SK708"
    name = "isinstance-abstract-number"
    supersedes = ("isinstance-forms",)
    label = "always false in compiled code"
    note = "compiled code has `int`, `float`, `bool` and `complex`; none of them is registered as an abstract number"
    help = "name the concrete types"
    VALID = (forward("return isinstance(k, (int, float))", "k: float", "bool"),)
    INVALID = (
        Invalid(
            "import numbers\n\n" + forward("return isinstance(k, numbers.Number)  # <-", "k: float", "bool"),
            None,
            inputs="(1.0,)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            if node.args[1:] and cls.module.dotted(node.func) == "builtins.isinstance":
                abstract = next(
                    (n for n in ast.walk(node.args[1]) if (cls.module.dotted(n) or "").startswith("numbers.")), None
                )
                if abstract is not None:
                    yield self.found(
                        cls,
                        node,
                        f"{shown(node)} tests for an abstract number",
                        suggestion=f"isinstance({ast.unparse(node.args[0])}, (int, float))",
                        method=function.name,
                    )
