"""Methods of a tensor that the compiler treats as syntax."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.arguments import Arguments, typed_arguments
from scriptkit.language.problems.calls import TolistUnannotated
from scriptkit.language.types import NUMBER, TENSOR, UNKNOWN

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body
    from scriptkit.language.values import BoundOperator


def call_tensor_method(body: Body, function: BoundOperator, node: ast.Call, arguments: Arguments) -> AnyValue | None:
    """Methods the compiler treats as syntax."""
    name = function.name
    if name == "tolist":
        return _tolist(body, node)
    if name == "item" and not node.args:
        return NUMBER
    if operators.is_tensor_cast(name) and not operators.table()["operators"].get(name):
        typed_arguments(body, arguments, name)
        return TENSOR
    return None


def _tolist(body: Body, node: ast.Call) -> AnyValue:
    parent = body.module.parent(node)
    if isinstance(parent, ast.AnnAssign) and parent.value is node:
        return body.annotations.type(parent.annotation)
    if isinstance(parent, ast.Return) and body.declared is not None:
        return body.declared
    if isinstance(parent, ast.Call) and body.module.dotted(parent.func) == "torch.jit.annotate":
        return UNKNOWN
    return body.report(TolistUnannotated(text=ast.unparse(node)), node)
