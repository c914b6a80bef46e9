"""Submodules that a lowered program calls in a compiled form of their own: traces, and what scripts from its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.compiling.boundary.signature import wrapped
from scriptkit.compiling.chosen.choice import Choice, TraceChoice
from scriptkit.compiling.lowering.calling.compiled_parts import FlatPart, ScriptedPart
from scriptkit.engines.torchscript.engine import thread
from scriptkit.errors import CompilationError
from scriptkit.live.lives import life_of
from scriptkit.live.nested import Leaf, Nest, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import nn

    from scriptkit.compiling.lowering.evaluator.evaluator import Part
    from scriptkit.live.recorded_calls import Call


def part_of(path: str, part: nn.Module, choice: Choice, calls: Sequence[Call]) -> Part:
    """What the evaluator needs to call a compiled part; raises `CompilationError` where the result would be another."""
    if isinstance(choice, TraceChoice):
        evaluation = choice.traces[False]
        form = wrapped(type(part).__name__, evaluation, choice.traces.get(True), flat=True)
        return FlatPart(form, evaluation.run, evaluation.forward, evaluation.inputs, evaluation.output)
    if not all(_is_plain(flatten(call.result)[1]) for call in calls):
        raise CompilationError(f"`{path}` gives something that TorchScript gives as another type")
    return ScriptedPart(choice.form, _running(choice.form))


def _running(form: torch.jit.ScriptModule) -> Callable[..., Any]:
    """Calls a life of a scripted part."""

    def run(*args: Any, **kwargs: Any) -> Any:
        with thread.plain_executor():
            return life_of(form)(*args, **kwargs)

    return run


def _is_plain(structure: Any) -> bool:
    """Whether a result is of tensors and tuples: TorchScript gives those as Python does."""
    if isinstance(structure, Nest):
        return structure.type is tuple and bool(structure.items) and all(map(_is_plain, structure.items))
    return isinstance(structure, Leaf)


def outermost(paths: Mapping[str, Any]) -> list[str]:
    """Those of some paths that lie in no other."""
    return [path for path in paths if not any(path.startswith(f"{other}.") for other in paths)]
