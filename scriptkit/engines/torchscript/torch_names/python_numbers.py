"""Where an operator of numbers is not Python's: what was compiled is put right.

`i % 0` ends the process (the compiled remainder asks nothing of the divisor), `f != f` is taken for `False`, also where
`f` is not a number; of two floats, neither of which is larger, `max` and `min` give the second, not the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.torch_names.made_nodes import Before

if TYPE_CHECKING:
    from collections.abc import Callable

CONCERNS: Final = frozenset({"aten::remainder", "aten::ne", "aten::eq", "prim::max", "prim::min"})


def put_right(graph: Any) -> None:
    """Replace what differs from Python in a compiled graph; call this before it runs."""
    _replace(graph, "aten::remainder", _is_remainder_of_ints, _checked_remainder)
    _replace(graph, "aten::ne", _compares_float_with_itself, _is_nan)
    _replace(graph, "aten::eq", _compares_float_with_itself, _is_number)
    _replace(graph, "prim::max", _takes_floats, _larger)
    _replace(graph, "prim::min", _takes_floats, _smaller)


def _replace(graph: Any, kind: str, fits: Callable[[Any], bool], replacement: Callable[[Any, Before], Any]) -> None:
    for node in graph.findAllNodes(kind, True):  # also in blocks
        if fits(node):
            node.output().replaceAllUsesWith(replacement(node, Before(graph, node)))
            node.destroy()


def _is_remainder_of_ints(node: Any) -> bool:
    dividend, divisor = node.inputs()
    is_known = divisor.node().kind() == "prim::Constant" and divisor.toIValue() != 0
    return dividend.type().kind() == divisor.type().kind() == "IntType" and not is_known


def _checked_remainder(node: Any, make: Before) -> Any:
    """`a - a // b * b`: the compiled `//` raises where `b` is 0."""
    dividend, divisor = node.inputs()
    quotient = make("aten::floordiv", dividend, divisor, like=dividend)
    product = make("aten::mul", quotient, divisor, like=dividend)
    return make("aten::sub", dividend, product, like=dividend)


def _compares_float_with_itself(node: Any) -> bool:
    one, other = list(node.inputs())[:2]
    return bool(one.debugName() == other.debugName() and one.type().kind() == "FloatType")


def _is_nan(node: Any, make: Before) -> Any:
    return make("aten::isnan", next(iter(node.inputs())))


def _is_number(node: Any, make: Before) -> Any:
    return make("aten::__not__", _is_nan(node, make))


def _takes_floats(node: Any) -> bool:
    return [value.type().kind() for value in node.inputs()] == ["FloatType", "FloatType"]


def _larger(node: Any, make: Before) -> Any:
    return _better("aten::gt", node, make)


def _smaller(node: Any, make: Before) -> Any:
    return _better("aten::lt", node, make)


def _better(comparison: str, node: Any, make: Before) -> Any:
    """The second of two values where it is better, else the first."""
    first, second = node.inputs()
    return make.choice(make(comparison, second, first), second, first)
