"""The rule `number-of-another-type`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.types import BOOL, FLOAT, INT
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.types import Type


class NumberOfAnotherType(Rule):
    """A power of ints, `round`, or `max` and `min` of bools: compiled code has a number of another type.

    `n ** 2` is a `float`, `round(x)` is a `float`, `max(True, False)` is an `int`. The size of the number is the same;
    its text is another, and so is the dtype of an integer tensor that it meets.
    """

    code = "SK715"
    name = "number-of-another-type"
    severity = "warning"
    note = "powers and `round` are floats in compiled code, `max` and `min` of bools are ints"
    help = "convert it to the type that Python gives"
    VALID = (
        forward("return x * int(n ** 2)", "x: Tensor, n: int"),
        forward("return x * f ** 2", "x: Tensor, f: float"),
        forward("return x * int(round(f))", "x: Tensor, f: float"),
        forward("return x * max(n, 2)", "x: Tensor, n: int"),
    )
    INVALID = (
        Invalid(forward("return x * n ** 2  # <-", "x: Tensor, n: int"), None, inputs="(torch.arange(3), 2)"),
        Invalid(forward("return x * pow(n, 2)  # <-", "x: Tensor, n: int"), None, inputs="(torch.arange(3), 2)"),
        Invalid(forward("return x * round(f)  # <-", "x: Tensor, f: float"), None, inputs="(torch.arange(3), 2.4)"),
        Invalid(forward("return str(max(a, b))  # <-", "a: bool, b: bool", "str"), None, inputs="(True, False)"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for kind in (ast.BinOp, ast.Call):
                for node in function.by_kind.get(kind, ()):
                    label = _differs(cls, node)
                    if label and cls.is_live(node) and not _is_converted(cls, node):
                        python, compiled = label
                        message = f"{shown(node)} is `{python}` in Python and `{compiled}` in compiled code"
                        text = f"{python}({ast.unparse(node)})"
                        label_text = f"a `{compiled}` in compiled code"
                        yield self.found(cls, node, message, label=label_text, suggestion=text, method=function.name)


def _differs(cls: ClassFacts, node: ast.AST) -> tuple[str, str] | None:
    """The types that Python and compiled code give."""
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=right) | ast.Call(func=ast.Name(id="pow"), args=[left, right]):
            is_int = _is(cls, left, INT) and _is(cls, right, INT)
            return ("int", "float") if is_int and not _is_negative(right) else None
        case ast.Call(func=ast.Name(id="round"), args=[number]):
            return ("int", "float") if _is(cls, number, INT) or _is(cls, number, FLOAT) else None
        case ast.Call(func=ast.Name(id="max" | "min"), args=[left, right]):
            return ("bool", "int") if _is(cls, left, BOOL) and _is(cls, right, BOOL) else None
        case _:
            return None


def _is(cls: ClassFacts, node: ast.expr, wanted: Type) -> bool:
    if isinstance(node, ast.Constant):
        return {bool: BOOL, int: INT, float: FLOAT}.get(type(node.value)) == wanted
    return cls.type_of(node) == wanted


def _is_negative(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _is_converted(cls: ClassFacts, node: ast.AST) -> bool:
    """Whether the number goes into a conversion, or is only compared."""
    parent = next(iter(cls.module.ancestors(node)), None)
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name):
        return parent.func.id in ("int", "float", "bool")
    return isinstance(parent, ast.Compare)
