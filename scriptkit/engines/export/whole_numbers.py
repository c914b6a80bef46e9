"""Whole numbers among the inputs of a program, so that a file can hold what torch has traced.

torch traces them without bounds, and then gives them those of sizes: a program that was exported with -7 would not load
again, for its example is none of its inputs. And it writes every operator on sizes but `abs`.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch.export import ExportedProgram


def mend_numbers(program: ExportedProgram) -> None:
    """Let the numbers of a program be negative where no guard of it says otherwise, and their sign be taken off."""
    _without_least(program)
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule) and _without_abs(module.graph):
            module.recompile()


def _without_least(program: ExportedProgram) -> None:
    from torch.utils._sympy.numbers import int_oo
    from torch.utils._sympy.value_ranges import ValueRanges

    for symbol in _symbols(program):
        bounds = program.range_constraints.get(symbol)
        if bounds is not None and bounds.lower == 0:  # what the model asks of a number is a guard besides
            program.range_constraints[symbol] = ValueRanges(-int_oo, bounds.upper)


def _symbols(program: ExportedProgram) -> set[Any]:
    """The symbols of inputs that are numbers themselves, and of no size."""
    metas = [node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"]
    sizes = {symbol for meta in metas if isinstance(meta, torch.Tensor) for symbol in _free(meta.shape)}
    return {symbol for meta in metas if isinstance(meta, torch.SymInt) for symbol in _free([meta])} - sizes


def _free(sizes: Any) -> set[Any]:
    return {symbol for size in sizes if isinstance(size, torch.SymInt) for symbol in size.node.expr.free_symbols}


def _without_abs(graph: torch.fx.Graph) -> bool:
    """`max(n, -n)` for each `abs(n)`; whether there was one."""
    found = [node for node in graph.nodes if node.target is operator.abs]
    for node in found:
        (number,) = node.args
        with graph.inserting_before(node):
            negated = graph.call_function(operator.neg, (number,))
            negated.meta = {**node.meta, "val": -number.meta["val"]}
        node.target, node.args = torch.sym_max, (number, negated)
    return bool(found)
