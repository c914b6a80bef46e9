"""The rule `global-statement`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class GlobalStatement(Rule):
    """A `global` or `nonlocal` statement in compiled code."""

    code = "SK507"
    name = "global-statement"
    label = "names outside cannot be assigned"
    note = "compiled code has no access to the variables of a Python module; its state lives in attributes"
    VALID = (
        """
        class Model(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.calls = 0

            def forward(self, x: Tensor) -> Tensor:
                self.calls += 1
                return x
        """,
    )
    INVALID = (
        Invalid(
            """
            calls = 0

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    global calls  # <-
                    calls = 1
                    return x
            """,
            "global variables aren't supported",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Global, ast.Nonlocal):
            yield self.found(
                cls,
                node,
                f"{shown(node)} cannot be compiled",
                help=f"keep `{node.names[0]}` in an attribute set in `__init__`",
                suggestion=f"self.{node.names[0]} = <initial value>",
                method=function.name,
            )
