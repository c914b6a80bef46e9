"""Operators of numbers that raise nothing where Python raises: they get the check they lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.torch_names import number_functions as functions
from scriptkit.engines.torchscript.torch_names.copied_functions import nodes_of, replace

if TYPE_CHECKING:
    from collections.abc import Callable

_I, _F = "IntType", "FloatType"
_CHECKED: dict[tuple[str, ...], Callable[..., float]] = {
    ("aten::div", _I, _I): functions.ints_divided,
    ("aten::div", _F, _F): functions.floats_divided,
    ("aten::div", _I, _F): functions.int_by_float,
    ("aten::div", _F, _I): functions.float_by_int,
    ("aten::floordiv", _F, _F): functions.floats_divided_down,
    ("aten::remainder", _F, _F): functions.remainder_of_floats,
    ("aten::Int", _F): functions.whole,
    ("aten::sqrt", _F): functions.root,
    ("aten::sqrt", _I): functions.root_of_int,
    ("aten::log", _F): functions.logarithm,
    ("aten::log", _I): functions.logarithm_of_int,
}
_SUM = "aten::sum"
CONCERNS: Final = frozenset({_SUM, *(kind for kind, *_ in _CHECKED)})
_IS_RIGHT_BESIDES = frozenset({"aten::div"})


def put_right(graph: Any) -> None:
    """Add the checks to a compiled graph; call this before it runs."""
    for node in list(nodes_of(graph)):
        if node.kind() in CONCERNS:
            inputs = list(node.inputs())
            if node.kind() == _SUM and inputs[0].type().annotation_str == "List[int]":
                replace(graph, node, functions.summed)
                continue
            function = _CHECKED.get((node.kind(), *(value.type().kind() for value in inputs)))
            if function is not None and not (node.kind() in _IS_RIGHT_BESIDES and _is_known_not_to_be_zero(inputs[1])):
                replace(graph, node, function)


def _is_known_not_to_be_zero(value: Any) -> bool:
    return bool(value.node().kind() == "prim::Constant" and value.toIValue() != 0)
