"""Operators of numbers that raise nothing where Python raises: they get the check they lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.torch_names import math_results
from scriptkit.engines.torchscript.torch_names import number_functions as functions
from scriptkit.engines.torchscript.torch_names.copied_functions import insert, nodes_of, replace

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
    ("aten::floordiv", _I, _F): functions.int_divided_down,
    ("aten::floordiv", _F, _I): functions.divided_down_by_int,
    ("aten::remainder", _I, _F): functions.remainder_of_int,
    ("aten::remainder", _F, _I): functions.remainder_by_int,
    ("aten::Int", _F): functions.whole,
    ("aten::sqrt", _F): functions.root,
    ("aten::sqrt", _I): functions.root_of_int,
    ("aten::log", _F): functions.logarithm,
    ("aten::log", _I): functions.logarithm_of_int,
    ("aten::log", _F, _F): functions.logarithm_to_base,
    ("aten::log", _I, _F): functions.logarithm_of_int_to_base,
    ("aten::log", _F, _I): functions.logarithm_to_whole_base,
    ("aten::log", _I, _I): functions.logarithm_of_int_to_whole_base,
    ("aten::ceil", _F): functions.rounded_up,
    ("aten::floor", _F): functions.rounded_down,
    ("aten::round", _F): functions.rounded,
    ("aten::factorial", _I): functions.factorial,
    ("aten::__lshift__", _I, _I): functions.shifted_up,
    ("aten::__rshift__", _I, _I): functions.shifted_down,
}
_WITH_A_DOMAIN = "acos acosh asin atanh cos sin tan log10 log1p".split()
_WITH_A_RANGE = "exp expm1 cosh sinh".split()
_ASKED_AFTER: dict[tuple[str, ...], Callable[..., float]] = {
    **{(f"aten::{name}", _F): math_results.in_domain for name in _WITH_A_DOMAIN},
    **{(f"aten::{name}", _I): math_results.in_domain_of_int for name in _WITH_A_DOMAIN},
    **{(f"aten::{name}", _F): math_results.in_range for name in _WITH_A_RANGE},
    **{(f"aten::{name}", _I): math_results.in_range_of_int for name in _WITH_A_RANGE},
    ("aten::lgamma", _F): math_results.of_lgamma,
    ("aten::lgamma", _I): math_results.of_lgamma_of_int,
    ("aten::ldexp", _F, _I): math_results.in_range_of_ldexp,
    ("aten::pow", _F, _F): math_results.power,
    ("aten::pow", _I, _F): math_results.power_of_int,
    ("aten::pow", _F, _I): math_results.whole_power,
    ("aten::pow", _I, _I): math_results.whole_power_of_int,
    ("aten::gamma", _F): math_results.of_gamma,
    ("aten::gamma", _I): math_results.of_gamma_of_int,
    **{(f"aten::{name}", _F, _F): math_results.in_domain_of_two for name in ("fmod", "mathremainder")},
    **{(f"aten::{name}", _I, _I): math_results.in_domain_of_two_ints for name in ("fmod", "mathremainder")},
}
_SUM = "aten::sum"
CONCERNS: Final = frozenset({_SUM, *(kind for kind, *_ in (*_CHECKED, *_ASKED_AFTER))})
_IS_RIGHT_BESIDES = frozenset({"aten::div"})


def put_right(graph: Any) -> None:
    """Add the checks to a compiled graph; call this before it runs."""
    for node in list(nodes_of(graph)):
        if node.kind() in CONCERNS:
            inputs = list(node.inputs())
            if node.kind() == _SUM and inputs[0].type().annotation_str == "List[int]":
                replace(graph, node, functions.summed)
                continue
            signature = (node.kind(), *(value.type().kind() for value in inputs))
            if signature in _ASKED_AFTER:
                _ask_after(graph, node, _ASKED_AFTER[signature])
                continue
            function = _CHECKED.get(signature)
            if function is not None and not (node.kind() in _IS_RIGHT_BESIDES and _is_known_not_to_be_zero(inputs[1])):
                replace(graph, node, function)


def _ask_after(graph: Any, node: Any, function: Callable[..., float]) -> None:
    """Put the result of an operator through a function that gets its inputs, too."""
    inputs = list(node.inputs())
    computed = graph.create(node.kind(), inputs, 1)
    computed.insertBefore(node)
    computed.copyMetadata(node)
    computed.output().setType(node.output().type())
    [checked] = insert(graph, node, function, [computed.output(), *inputs])
    node.output().replaceAllUsesWith(checked)
    node.destroy()


def _is_known_not_to_be_zero(value: Any) -> bool:
    return bool(value.node().kind() == "prim::Constant" and value.toIValue() != 0)
