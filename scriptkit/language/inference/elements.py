"""An element of another type goes into a container; an untyped `[]` it came from is the cause."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems.containers import ContainerElementMismatch, EmptyContainerUntyped
from scriptkit.language.types import UNKNOWN, Dict, List, Type, is_optional

if TYPE_CHECKING:
    from scriptkit.language.inference.body import Body


def report_element(body: Body, holder: ast.expr, node: ast.expr, container: Type, element: Type) -> Type:
    """An element of another type goes into a container; an untyped `[]` it came from is the cause."""
    untyped = untyped_origin(body, holder)
    if untyped is not None:
        name, text = ast.unparse(holder), ast.unparse(untyped)
        body.report(EmptyContainerUntyped(name=name, value=text, element=element, key=None), node, untyped)
        forget_name(body, holder)
        return UNKNOWN
    inner = (
        container.element
        if isinstance(container, List)
        else container.value
        if isinstance(container, Dict)
        else UNKNOWN
    )
    if is_optional(element) and not is_optional(inner):
        return body.not_refined(element, node, "an element")
    return body.report(ContainerElementMismatch(container=container, element=element), node)


def untyped_origin(body: Body, node: ast.AST) -> ast.expr | None:
    """The untyped `[]` or `{}` a name was bound to."""
    binding = body.frame.find(node.id) if isinstance(node, ast.Name) else None
    return binding.origin if binding is not None else None


def forget_name(body: Body, node: ast.expr) -> None:
    """Take a name whose elements have been reported for unknown."""
    if isinstance(node, ast.Name):
        binding = body.frame.find(node.id)
        if binding is not None:
            binding.value, binding.origin = UNKNOWN, None
