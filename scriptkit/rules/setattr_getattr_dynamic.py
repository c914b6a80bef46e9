"""The rule `setattr-getattr-dynamic`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class SetattrGetattrDynamic(Rule):
    """`getattr` or `hasattr` with a computed name, and any `setattr` or `delattr`."""

    code = "SK525"
    name = "setattr-getattr-dynamic"
    label = "which attribute this is depends on a value"
    note = "the compiler resolves attributes while compiling, so it must read their names in the code"
    help = "name the attribute, or keep the choices in a `ModuleDict` or `Dict` and iterate over it"
    VALID = (
        """
        class Model(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.scale = 2.0

            def forward(self, x: Tensor) -> Tensor:
                return x * getattr(self, "scale")
        """,
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.scale = 2.0

                def forward(self, x: Tensor, name: str) -> Tensor:
                    return x * getattr(self, name)  # <-
            """,
            "getattr's second argument must be a string literal",
        ),
        Invalid(
            """
            class Model(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.scale = 2.0

                def forward(self, x: Tensor) -> Tensor:
                    setattr(self, "scale", 3.0)  # <-
                    return x
            """,
            "Python builtin <built-in function setattr> is currently not supported",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            name = (cls.module.dotted(node.func) or "").removeprefix("builtins.")
            if name in ("setattr", "delattr"):
                yield self.found(
                    cls,
                    node,
                    f"{shown(node)} changes an attribute by its name",
                    help="assign with `=`",
                    method=function.name,
                )
            elif name in ("getattr", "hasattr") and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant):
                yield self.found(
                    cls,
                    node,
                    f"`{name}` looks up {shown(node.args[1])}, which is not a string literal",
                    method=function.name,
                )
