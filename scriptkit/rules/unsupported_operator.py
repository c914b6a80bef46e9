"""The rule `unsupported-operator`."""

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


class UnsupportedOperator(Rule):
    """An operator the compiler does not know: unary `+`, `//=`, `@=`."""

    code = "SK519"
    name = "unsupported-operator"
    raw = (
        "unsupported kind of augmented assignment",
        "'UnaryOp' object has no attribute 'range'",
    )
    label = "no operator of the compiler"
    note = "the compiler knows unary `-`, `~` and `not`, and no `//=` or `@=`"
    VALID = (forward("n = n // 2\nreturn x @ x * n", "x: Tensor, n: int"),)
    INVALID = (
        Invalid(forward("return +x  # <-"), "'UnaryOp' object has no attribute 'range'"),
        Invalid(
            forward("n //= 2  # <-\nreturn x * n", "x: Tensor, n: int"),
            "unsupported kind of augmented assignment: FloorDiv",
        ),
        Invalid(forward("x @= x  # <-\nreturn x"), "unsupported kind of augmented assignment: MatMult"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.UnaryOp):
            if isinstance(node.op, ast.UAdd):
                yield self.found(
                    cls,
                    node,
                    f"unary `+` in {shown(node)}",
                    help="leave the `+` out",
                    suggestion=ast.unparse(node.operand),
                    method=function.name,
                )
        for function, change in nodes(cls, ast.AugAssign):
            operator = {ast.FloorDiv: "//", ast.MatMult: "@"}.get(type(change.op))
            if operator:
                target = ast.unparse(change.target)
                yield self.found(
                    cls,
                    change,
                    f"`{operator}=` assigns to {shown(change.target)}",
                    help=f"assign the result of `{operator}`",
                    suggestion=f"{target} = {target} {operator} {ast.unparse(change.value)}",
                    method=function.name,
                )
