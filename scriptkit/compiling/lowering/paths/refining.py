"""Values that may be None, refined where a test says that they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.program import syntax
from scriptkit.language import types as t

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame
    from scriptkit.compiling.lowering.world.values import Dyn


def refine(evaluator: Evaluator, condition: Dyn, frame: Frame, *, side: bool) -> dict[int, tuple[Dyn, Dyn]]:
    """In this arm certain values are not None: their variables and attributes hold the values themselves."""
    refined: dict[int, tuple[Dyn, Dyn]] = {}
    for value in condition.given_if.get(side, []):
        names = [name for name, held in frame.variables.items() if held is value]
        attributes = [key for key, held in evaluator.written.items() if held is value]
        if not (names or attributes) or not value.is_optional:
            continue
        unwrapped = syntax.call("torch.jit._unwrap_optional", [evaluator.residual.ref(value)])
        made = evaluator.residual.bind(unwrapped, value.example_if_given, value.name, t.without_none(value.type))
        refined[id(made)] = (made, value)
        for name in names:
            evaluator.bind_name(frame, name, made)
        for key in attributes:
            evaluator.effects.journal(evaluator.written)
            evaluator.written[key] = made
    return refined
