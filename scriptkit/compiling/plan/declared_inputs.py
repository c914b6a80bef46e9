"""Example inputs that modules declare: by `example_inputs()`, or by the mark of a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.errors import CompilationError
from scriptkit.live.copies import random_states_kept
from scriptkit.live.lives import life_of
from scriptkit.live.marks import is_scriptable, is_traced, mark_of

if TYPE_CHECKING:
    from torch import nn

    from scriptkit.compiling.plan.waiting import Call


def has_example_inputs(module: nn.Module) -> bool:
    """Whether a scriptable module says how its `forward` is called."""
    return is_scriptable(module) and callable(getattr(type(module), "example_inputs", None))


def declares(child: nn.Module) -> bool:
    """Whether the part brings its own inputs, by its mark."""
    return all(
        (mark := mark_of(part)) is not None and mark.example_inputs is not None
        for part in child.modules()
        if is_traced(part)
    ) and is_traced(child)


def declared_call(module: nn.Module) -> Call | None:
    """What `example_inputs` of a scriptable module gives; None where it has none."""
    if not has_example_inputs(module):
        return None
    with random_states_kept():
        inputs: Any = life_of(module).example_inputs()  # type: ignore[operator]
    if not isinstance(inputs, (tuple, list)):
        raise CompilationError(
            f"`{type(module).__name__}.example_inputs` returns a {type(inputs).__name__}, not a tuple of arguments"
        )
    return tuple(inputs), {}
