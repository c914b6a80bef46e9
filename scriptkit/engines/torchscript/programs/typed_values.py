"""Whether values are of the types that a compiled method declares, as torch itself writes these types."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scriptkit.engines.interface import MethodSchema

_SIMPLE: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "str": (str,),
    "complex": (complex, float, int),
    "number": (int, float, complex),
    "Device": (torch.device, str),
    "NoneType": (type(None),),
    "Tensor": (torch.Tensor,),
}


def is_of_type(value: object, type_text: str) -> bool:
    """Whether a value is of a TorchScript type; a type that is not known here fits everything."""
    return _fits(syntax_tree(type_text, mode="eval").body, value)


def takes(method: MethodSchema, args: Sequence[object], kwargs: Mapping[str, object]) -> bool:
    """Whether a compiled method can be called with these arguments, as far as their number and types tell."""
    names = [parameter.name for parameter in method.parameters]
    given = dict(zip(names, args, strict=False))
    if len(args) > len(names) or not kwargs.keys() <= set(names) - given.keys():
        return False
    given.update(kwargs)
    return all(
        is_of_type(given[one.name], one.type) if one.name in given else one.has_default for one in method.parameters
    )


def _fits(expected: ast.expr, value: Any) -> bool:
    if isinstance(expected, ast.Name):
        return isinstance(value, _SIMPLE.get(expected.id, object)) and not (
            expected.id == "int" and isinstance(value, bool)
        )
    if not isinstance(expected, ast.Subscript) or not isinstance(expected.value, ast.Name):
        return True
    inner = expected.slice.elts if isinstance(expected.slice, ast.Tuple) else [expected.slice]
    kind = expected.value.id
    if kind == "Optional":
        return value is None or _fits(inner[0], value)
    if kind == "List":
        return isinstance(value, list) and all(_fits(inner[0], item) for item in value)
    if kind == "Dict":
        return isinstance(value, dict) and all(
            _fits(inner[0], key) and _fits(inner[1], item) for key, item in value.items()
        )
    if kind == "Tuple":
        return isinstance(value, tuple) and len(value) == len(inner) and all(map(_fits, inner, value))
    return True
