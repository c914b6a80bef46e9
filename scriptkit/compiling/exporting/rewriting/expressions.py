"""Expressions of a lowered program whose value only a run may know: truths, conversions, list operations, indices."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.syntax import FLOW, flow, load
from scriptkit.engines.export.free_sizes import FREED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CALLS = {
    "bool": "truth",
    "int": "whole",
    "float": "fraction",
    "len": "length",
    "max": "greatest",
    "min": "smallest",
    "torch.equal": "equal",
    "torch.allclose": "allclose",
    "torch.split": "split",
    "torch.stack": "stack",
    "torch.cat": "cat",
    "torch.concat": "cat",
}
_METHODS = {
    "unbind": "unbind",
    "split": "split",
    "equal": "equal",
    "allclose": "allclose",
    "item": "item",
}
_AS_NUMBERS = {"whole": "to_int", "item": "fraction_of_item"}
"""What stands for others where whole numbers are numbers within loops and branches, too."""
_UNWRAPPED = {"torch.jit._unwrap_optional": 0, "torch.jit.annotate": 1}


class Expressions(ast.NodeTransformer):
    """Rewrites every expression; `kinds` has the letter of each variable.

    With `numbers`, whole numbers are numbers within a loop, otherwise tensors.
    """

    def __init__(self, kinds: Mapping[str, str], *, numbers: bool = False) -> None:
        self.kinds = kinds
        self.numbers = numbers

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """`a and b`."""
        self.generic_visit(node)
        name = "both" if isinstance(node.op, ast.And) else "either"
        made = node.values[0]
        for value in node.values[1:]:
            made = flow(name, made, value)
        return made

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """`not a`."""
        self.generic_visit(node)
        return flow("negated", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Conversions, and what takes lists."""
        self.generic_visit(node)
        name = ast.unparse(node.func)
        if name in _UNWRAPPED:
            return node.args[_UNWRAPPED[name]]
        if name in _CALLS and node.args:
            return self._flow(_CALLS[name], node.args, node.keywords)
        if name in FREED and self._has_number(node.args):
            return self._flow("freed", [ast.Constant(name), node.func, *node.args], node.keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "nonzero_numpy":  # TorchScript's name for it
            found = ast.Attribute(node.func.value, "nonzero", ast.Load())
            return ast.Call(
                load("list"), [ast.Call(found, [], [ast.keyword("as_tuple", ast.Constant(value=True))])], []
            )
        if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS and not name.startswith("torch."):
            return self._flow(_METHODS[node.func.attr], [node.func.value, *node.args], node.keywords)
        return node

    def _flow(self, name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.expr:
        made = flow(_AS_NUMBERS.get(name, name) if self.numbers else name, *arguments)
        made.keywords = keywords
        return made

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        """`[x for x in xs]`."""
        self.generic_visit(node)
        match node:
            case ast.ListComp(
                elt=ast.Name(id=item), generators=[ast.comprehension(target=ast.Name(id=entry), iter=source, ifs=[])]
            ) if item == entry:
                return flow("listed", source)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        """`x[i] = item`, where `i` may be a number that only a run knows."""
        self.generic_visit(node)
        match node:
            case ast.Assign(targets=[ast.Subscript(value=value, slice=index)], value=item) if found := _span(index):
                place, whole, (length, end) = found
                arguments = [value, _index(whole), item, ast.Constant(place), length, end]
                return ast.copy_location(ast.Expr(flow("set_window", *arguments)), node)
            case ast.Assign(targets=[ast.Subscript(value=value, slice=index)], value=item):
                places = _numbers(self._places(index))
                made = ast.Expr(flow("set_item", value, _index(index), item, places))
                return ast.copy_location(made, node)
        return node

    def _places(self, index: ast.expr) -> list[int]:
        """Where numbers stand in an index."""
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        return [place for place, part in enumerate(parts) if self._is_number(part)]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`x[i]`, where `i` may be a number that only a run knows."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        numbers = self._places(node.slice)
        if numbers and all(_is_plain(part) or place in numbers for place, part in enumerate(parts)):
            return flow("pick", node.value, _index(node.slice), _numbers(numbers))
        return flow("getitem", node.value, _index(node.slice))

    def _has_number(self, values: Sequence[ast.expr]) -> bool:
        """Whether a number of the program is among them."""
        names = (node.id for value in values for node in ast.walk(value) if isinstance(node, ast.Name))
        return any(self.kinds.get(name, "t") != "t" for name in names)

    def _is_number(self, part: ast.expr) -> bool:
        return isinstance(part, ast.Name) and self.kinds.get(part.id) == "i"


def _span(index: ast.expr) -> tuple[int, ast.expr, list[ast.expr]] | None:
    """The place of a slice of known length in an index, the index with its first number there, its length and end."""
    parts = [*index.elts] if isinstance(index, ast.Tuple) else [index]
    for place, part in enumerate(parts):
        if isinstance(part, ast.Call) and ast.unparse(part.func) == f"{FLOW}.span":
            first, *more = part.args
            parts[place] = first
            return place, ast.Tuple(parts, ast.Load()) if isinstance(index, ast.Tuple) else first, more
    return None


def _is_plain(part: ast.expr) -> bool:
    return isinstance(part, ast.Slice) or (isinstance(part, ast.Constant) and type(part.value) is int)


def _numbers(values: Sequence[int]) -> ast.expr:
    return ast.Tuple([ast.Constant(value) for value in values], ast.Load())


def _index(index: ast.expr) -> ast.expr:
    """An index as an expression: a slice is a call of `slice`."""
    if isinstance(index, ast.Slice):
        bounds: list[ast.expr] = [part or ast.Constant(None) for part in (index.lower, index.upper, index.step)]
        return ast.Call(load("slice"), bounds, [])
    if isinstance(index, ast.Tuple):
        return ast.Tuple([_index(part) for part in index.elts], ast.Load())
    return index
