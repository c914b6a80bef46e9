"""Checks that a residual program makes of what it takes for granted."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.program import syntax

if TYPE_CHECKING:
    import torch

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.values import Dyn


def guard_dtype(evaluator: Evaluator, value: Dyn) -> torch.dtype:
    """A dtype that decides something: the example's, checked at run time."""
    expected = syntax.literal(value.example)
    assert expected is not None  # noqa: S101 - every dtype has a name
    same = ast.Compare(evaluator.residual.ref(value), [ast.Eq()], [expected])
    evaluator.residual.emit(syntax.require_as_lowered(same, f"lowered for {value.example} here"))
    evaluator.assumptions[f"a dtype is {value.example}"] = None
    made: torch.dtype = value.example
    return made
