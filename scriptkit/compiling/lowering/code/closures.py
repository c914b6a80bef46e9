"""Functions made inside evaluated code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.world.frames import Closure

if TYPE_CHECKING:
    import ast

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame


def closure(evaluator: Evaluator, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> Closure:
    """A function defined inside the one that is evaluated."""
    defaults = [evaluator.expression(default, frame) for default in node.args.defaults]
    keywords = {
        parameter.arg: evaluator.expression(default, frame)
        for parameter, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if default is not None
    }
    return Closure(node, frame, defaults, keywords)
