"""The rule `or-on-non-bool`."""

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


class OrOnNonBool(Rule):
    """`a or b` used for its value: in compiled code it gives `True` or `False`."""

    code = "SK704"
    name = "or-on-non-bool"
    typed = True
    raw = ()
    supersedes = ("no-matching-overload", "argument-type-mismatch", "return-type-mismatch", "operator-types")
    reach = "method"
    note = "compiled `and` and `or` give a bool, never one of their operands"
    VALID = (forward("d = dim if dim != 0 else -1\nreturn x.sum(dim=d)", "x: Tensor, dim: int"),)
    INVALID = (
        Invalid(
            forward("d = dim or -1  # <-\nreturn x.sum(dim=d)", "x: Tensor, dim: int"),
            "aten::sum.dim_IntList(Tensor self",
        ),
        Invalid(forward("return n or 7  # <-", "n: int", "int"), None, inputs="(3,)"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.BoolOp):
            operand = next((v for v in node.values if str(cls.type_of(v)) in _VALUES), None)
            if operand is not None and cls.is_live(node) and _is_used_as_value(cls, node, function.node):
                yield self.found(
                    cls,
                    node,
                    f"{shown(node)} is used as a value, and is a `bool` in compiled code",
                    label="`True` or `False`",
                    help="write a conditional expression",
                    suggestion=_conditional(node),
                    method=function.name,
                )


_VALUES = ("int", "float", "str", "List[int]", "List[float]", "List[str]", "List[Tensor]")


def _conditional(node: ast.BoolOp) -> str:
    first, second, *_ = map(ast.unparse, node.values)
    return f"{first} if {first} else {second}" if isinstance(node.op, ast.Or) else f"{second} if {first} else {first}"


def _is_used_as_value(cls: ClassFacts, node: ast.expr, function: ast.AST) -> bool:
    """Whether more is done with it than to decide a branch."""
    above = cls.module.parent(node)
    match above:
        case ast.Return() | ast.BinOp() | ast.keyword() | ast.Subscript():
            return True
        case ast.Call(func=function_called):
            return cls.module.dotted(function_called) != "builtins.bool"
        case ast.Assign(targets=[ast.Name(id=name)]):
            return any(
                isinstance(use, ast.Name) and use.id == name and isinstance(use.ctx, ast.Load) and _is_operand(cls, use)
                for use in ast.walk(function)
            )
    return False


def _is_operand(cls: ClassFacts, use: ast.Name) -> bool:
    return isinstance(cls.module.parent(use), (ast.BinOp, ast.keyword, ast.Subscript, ast.Return, ast.Call))
