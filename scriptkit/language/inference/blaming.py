"""A parameter without annotation is taken for a Tensor: where that is what a use cannot do with, it is to blame."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.frames import Binding
from scriptkit.language.problems.arguments import UnannotatedParamNotTensor
from scriptkit.language.types import CONSTANTS, TENSOR, UNKNOWN, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.facts import Parameter
    from scriptkit.language.inference.body import Body


def blame_parameter(body: Body, parts: Sequence[ast.expr], use: ast.AST) -> bool:
    """Whether an operand is a parameter without annotation, taken for a Tensor; reports it."""
    for part in parts:
        parameter = _unannotated(body, part)
        if parameter is not None:
            default = "" if parameter.default is None else ast.unparse(parameter.default)
            body.report(
                UnannotatedParamNotTensor(
                    name=parameter.name, default=default, use=ast.unparse(use), guess=_guess(parameter.default)
                ),
                use,
                parameter.node,
            )
            body.frame.bind(parameter.name, Binding(UNKNOWN, parameter.node))
            return True
    return False


def _unannotated(body: Body, node: ast.expr) -> Parameter | None:
    if not isinstance(node, ast.Name):
        return None
    binding = body.frame.find(node.id)
    found = next((p for p in body.facts.parameters if p.name == node.id and p.annotation is None), None)
    is_it = binding is not None and found is not None and binding.node is found.node and binding.value is TENSOR
    return found if is_it else None


def _guess(default: ast.expr | None) -> Type | None:
    if isinstance(default, ast.Constant) and default.value is not None:
        return CONSTANTS.get(type(default.value))
    return None
