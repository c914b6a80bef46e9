"""Sizes and whole numbers in a program, so that a file can hold what torch has traced.

torch traces the numbers among the inputs without bounds, and then gives them those of sizes: a program that was
exported with -7 would not load again, for its example is none of its inputs. And its format has no place for some
functions of numbers that it traces: these are spelled out.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.export import ExportedProgram


def mend_numbers(program: ExportedProgram, without_least: Callable[[Any], Any]) -> None:
    """Let the numbers of a program be negative where no guard says otherwise; spell out what has no place in a file.

    `without_least` gives the range of a symbol without its lower end.
    """
    _without_least(program, without_least)
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            found = [node for node in module.graph.nodes if node.target in _SPELLED]
            for node in found:
                _spell_out(node)
            if found:
                module.recompile()


def _without_least(program: ExportedProgram, without_least: Callable[[Any], Any]) -> None:
    for symbol in _symbols(program):
        bounds = program.range_constraints.get(symbol)
        if bounds is not None and bounds.lower == 0:  # what the model asks of a number is a guard besides
            program.range_constraints[symbol] = without_least(bounds)


def _symbols(program: ExportedProgram) -> set[Any]:
    """The symbols of inputs that are numbers themselves, and of no size."""
    metas = [node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"]
    sizes = {symbol for meta in metas if isinstance(meta, torch.Tensor) for symbol in _free(meta.shape)}
    return {symbol for meta in metas if isinstance(meta, torch.SymInt) for symbol in _free([meta])} - sizes


def _free(sizes: Any) -> set[Any]:
    return {symbol for size in sizes if isinstance(size, torch.SymInt) for symbol in size.node.expr.free_symbols}


def _spell_out(node: torch.fx.Node) -> None:
    with node.graph.inserting_before(node):
        made = _SPELLED[node.target](_Spelling(node), node.args[0])
    made.meta = dict(node.meta)  # the sizes of tensors are told in terms of it
    node.replace_all_uses_with(made)
    node.graph.erase_node(node)


class _Spelling:
    """Calls put before a node, which carry its line."""

    def __init__(self, node: torch.fx.Node) -> None:
        self.node = node

    def __call__(self, function: Callable[..., Any], *args: Any) -> torch.fx.Node:
        made = self.node.graph.call_function(function, args)
        made.meta = {**self.node.meta, "val": function(*map(_value, args))}
        return made


def _value(argument: Any) -> Any:
    return argument.meta["val"] if isinstance(argument, torch.fx.Node) else argument


def _absolute(call: _Spelling, number: Any) -> torch.fx.Node:
    return call(torch.sym_max, number, call(operator.neg, number))


def _ceiling(call: _Spelling, number: Any) -> torch.fx.Node:
    if quotient := _quotient(number):
        return call(operator.neg, call(operator.floordiv, call(operator.neg, quotient[0]), quotient[1]))
    below = call(math.trunc, number)
    return call(torch.sym_ite, call(operator.lt, below, number), call(operator.add, below, 1), below)


def _floor(call: _Spelling, number: Any) -> torch.fx.Node:
    if quotient := _quotient(number):
        return call(operator.floordiv, *quotient)
    above = call(math.trunc, number)
    return call(torch.sym_ite, call(operator.lt, number, above), call(operator.sub, above, 1), above)


def _quotient(number: Any) -> tuple[Any, Any] | None:
    """Numerator and denominator of a division of whole numbers."""
    if not isinstance(number, torch.fx.Node) or number.target is not operator.truediv:
        return None
    one, other = number.args
    is_whole = all(isinstance(_value(part), (int, torch.SymInt)) for part in (one, other))
    return (one, other) if is_whole else None


_SPELLED: dict[Any, Callable[[_Spelling, Any], torch.fx.Node]] = {
    operator.abs: _absolute,
    math.ceil: _ceiling,
    math.floor: _floor,
}
