"""What a program asks of sizes: read from torch's texts, evaluated for a call, told in words.

An expression is a number, `{"size": [input, dimension]}`, `{"value": input}`, or `{"op": ..., "args": [...]}`: plain
JSON, so that a reader in any language evaluates it. See `docs/exported-file.md`.
"""

from __future__ import annotations

import ast
import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Expression = Any
"""A number or one of the dictionaries above."""
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Div: "/",
    ast.Pow: "**",
}
_BOOLEAN: dict[type[ast.boolop], str] = {ast.And: "and", ast.Or: "or"}
_EVALUATED: dict[str, Callable[..., Any]] = {
    "+": lambda *numbers: sum(numbers),
    "*": lambda *numbers: math.prod(numbers),
    "-": lambda one, *other: one - other[0] if other else -one,
    "//": operator.floordiv,
    "%": operator.mod,
    "/": operator.truediv,
    "**": operator.pow,
    "min": min,
    "max": max,
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "trunc": math.trunc,
    "sqrt": math.sqrt,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "and": lambda *parts: all(parts),
    "or": lambda *parts: any(parts),
    "not": operator.not_,
}
_OF_ONE = frozenset({"abs", "math.ceil", "math.floor", "math.trunc", "math.sqrt"})
_OF_MANY = frozenset({"min", "max", "Min", "Max"})
COMPARISONS = frozenset(_COMPARISONS.values())
OPERATORS = frozenset(_EVALUATED)


class UnreadableError(ValueError):
    """A text that is no expression over sizes."""


@dataclass(frozen=True)
class Guard:
    """What has to hold between sizes, and the same in the user's words."""

    left: Expression
    op: str
    right: Expression
    message: str

    def holds(self, inputs: Sequence[Any]) -> bool:
        """Whether the inputs of a call fulfil it."""
        try:
            return bool(_EVALUATED[self.op](evaluated(self.left, inputs), evaluated(self.right, inputs)))
        except (ArithmeticError, ValueError):  # `10 % k` of a call that brings 0
            return False

    @property
    def key(self) -> str:
        """What is asked, without the words."""
        return f"{self.left} {self.op} {self.right}"


def evaluated(expression: Expression, inputs: Sequence[Any]) -> Any:
    """The value of an expression for the inputs of a call."""
    if not isinstance(expression, dict):
        return expression
    if "size" in expression:
        number, dimension = expression["size"]
        return inputs[number].shape[dimension]
    if "value" in expression:
        return inputs[expression["value"]]
    return _EVALUATED[expression["op"]](*(evaluated(part, inputs) for part in expression["args"]))


def read(text: str, sources: Mapping[str, Expression]) -> list[tuple[Expression, str, Expression]]:
    """The comparisons a text of torch asks for, `sources` being the expressions of names such as `L['x']`.

    Raises UnreadableError for anything but comparisons of sizes.
    """
    try:
        tree = syntax_tree(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise UnreadableError(text) from error
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    return [found for part in parts for found in _Reader(sources, text).comparisons(part)]


@dataclass(frozen=True)
class _Reader:
    sources: Mapping[str, Expression]
    text: str

    def comparisons(self, node: ast.expr) -> list[tuple[Expression, str, Expression]]:
        """A chain of comparisons, each by itself; any other truth as `... == 1`."""
        if not isinstance(node, ast.Compare):
            return [(self.expression(node), "==", 1)]
        values = [self.expression(part) for part in (node.left, *node.comparators)]
        ops = [_COMPARISONS.get(type(op)) for op in node.ops]
        if None in ops:
            raise UnreadableError(self.text)
        return [(one, str(op), other) for one, op, other in zip(values, ops, values[1:], strict=False)]

    def expression(self, node: ast.expr) -> Expression:
        """One expression as data."""
        known = self.sources.get(ast.unparse(node))
        if known is not None:
            return known
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.UnaryOp(op=ast.USub() | ast.Not() as op, operand=operand):
                return {"op": "-" if isinstance(op, ast.USub) else "not", "args": [self.expression(operand)]}
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return {"op": _BINARY[type(op)], "args": [self.expression(left), self.expression(right)]}
            case ast.BoolOp(op=boolop, values=values):
                return {"op": _BOOLEAN[type(boolop)], "args": [self.expression(part) for part in values]}
            case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
                ((left, name, right),) = self.comparisons(node)
                return {"op": name, "args": [left, right]}
            case ast.Call(func=function, args=args, keywords=[]):
                return self._call(ast.unparse(function), [self.expression(part) for part in args])
        raise UnreadableError(self.text)

    def _call(self, name: str, args: list[Expression]) -> Expression:
        if name == "torch.sym_float" and len(args) == 1:
            return args[0]  # as Python has it, who multiplies with a float
        if name in _OF_ONE and len(args) == 1:
            return {"op": name.removeprefix("math."), "args": args}
        if name in _OF_MANY:
            return {"op": name.lower(), "args": args}
        raise UnreadableError(self.text)


def told(expression: Expression, names: Sequence[str]) -> str:
    """An expression in words, the inputs having these names."""
    if not isinstance(expression, dict):
        return str(expression)
    if "size" in expression:
        number, dimension = expression["size"]
        return f"dimension {dimension} of '{names[number]}'"
    if "value" in expression:
        return f"'{names[expression['value']]}'"
    parts = [told(part, names) for part in expression["args"]]
    if len(parts) == 1 or expression["op"] in {"min", "max"}:
        return f"{expression['op']}({', '.join(parts)})"
    return "(" + f" {expression['op']} ".join(parts) + ")"


_WORDS = {
    "==": "must be",
    "!=": "must not be",
    "<": "must be less than",
    "<=": "must be at most",
    ">": "must be greater than",
    ">=": "must be at least",
}


def sentence(left: Expression, op: str, right: Expression, names: Sequence[str]) -> str:
    """A comparison as a sentence: `dimension 1 of 'x' must be a multiple of 4`."""
    if op == "==" and right == 0 and isinstance(left, dict) and left.get("op") == "%":
        value, divisor = left["args"]
        return f"{told(value, names)} must be a multiple of {told(divisor, names)}"
    if not isinstance(left, dict) and isinstance(right, dict):
        turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(op, op)
        left, op, right = right, turned, left
    return f"{told(left, names)} {_WORDS[op]} {told(right, names)}"
