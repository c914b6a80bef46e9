"""Operators that may give back the tensor they were given, called by a function that writes into tensors.

`h = x.type_as(y)` is `x` where the types are the same already, and `h.add_(1)` changes it. The compiler takes `h` for
another tensor, and drops a write into it before there is a graph. So the value is taken from one of two places.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from scriptkit.engines.torchscript.lifting.handed_on import changed_targets
from scriptkit.engines.torchscript.lifting.new_code import placed
from scriptkit.engines.torchscript.torch_names.returned_inputs import MAY_RETURN_AN_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_OF_TWO: Final = "_scriptkit_one_of_two"
_METHODS = frozenset({"type_as", "sum_to_size", "dequantize", "to_dense"})


def tie_what_may_be_given_back(function: ast.FunctionDef) -> bool:
    """Rewrite such calls of a function in place; whether there were any."""
    if not any(target for node in ast.walk(function) for target in changed_targets(node)):
        return False
    tying = _Tying(_tensors(function))
    for statement in function.body:
        tying.visit(statement)
    return tying.has_tied


def _tensors(function: ast.FunctionDef) -> set[str]:
    """The parameters that are tensors."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return {
        one.arg for one in every if one.annotation is None or ast.unparse(one.annotation) in ("Tensor", "torch.Tensor")
    }


class _Tying(ast.NodeTransformer):
    def __init__(self, tensors: set[str]) -> None:
        self.tensors = tensors
        self.has_tied = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        made: ast.expr = node
        for given in self._given(node):
            call = ast.Call(ast.Name(ONE_OF_TWO, ast.Load()), [made, ast.Name(given, ast.Load())], [])
            made, self.has_tied = placed(call, node), True
        return made

    def _given(self, call: ast.Call) -> Iterator[str]:
        """The names of tensors that a call may give back."""
        match call.func:
            case ast.Attribute(value=ast.Name(id=name), attr=method) if method in MAY_RETURN_AN_INPUT:
                if name != "torch" and method in _METHODS:
                    yield name
                elif name == "torch":
                    yield from (one for one in _named(call.args) if one in self.tensors)
            case _:
                return


def _named(arguments: list[ast.expr]) -> Iterator[str]:
    for one in arguments:
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.List | ast.Tuple):
            yield from _named(one.elts)
