"""The rule `attribute-annotated-outside-init`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import is_self_attribute, nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class AttributeAnnotatedOutsideInit(Rule):
    """`self.x: T = ...` in a compiled method."""

    code = "SK521"
    name = "attribute-annotated-outside-init"
    label = "annotates an attribute"
    note = "the compiler allows annotations of attributes in the class body and in `__init__`"
    VALID = (
        """
        class Model(nn.Module):
            calls: int

            def __init__(self) -> None:
                super().__init__()
                self.calls = 0

            def forward(self, x: Tensor) -> Tensor:
                self.calls = self.calls + 1
                return x
        """,
        """
        class Boxes:
            def __init__(self, corners: Tensor) -> None:
                self.corners: Tensor = corners

        class Model(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return Boxes(x).corners
        """,
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.calls = 0

                def forward(self, x: Tensor) -> Tensor:
                    self.calls: int = self.calls + 1  # <-
                    return x
            """,
            "Type annotations on instance attributes must be declared in",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.AnnAssign):
            is_of_init = function.name == "__init__"  # that of a helper class: no other is compiled
            if is_self_attribute(node.target) and node.value is not None and not is_of_init:
                inside = (outer for outer in cls.module.ancestors(node) if isinstance(outer, ast.ClassDef))
                owner = next((outer.name for outer in inside), cls.name)
                yield self.found(
                    cls,
                    node,
                    f"{shown(node.target)} is annotated in `{function.name}`",
                    help=f"move the annotation to the body of `{owner}`",
                    suggestion=f"{ast.unparse(node.target)} = {ast.unparse(node.value)}",
                    method=function.name,
                )
