"""Forms of parts for a call of the whole that gives them what they did not get before."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from scriptkit import switches
from scriptkit.compiling.chosen.bound_lowered import BoundLowered, bound_form
from scriptkit.compiling.chosen.bound_shapes import BoundShapes
from scriptkit.compiling.plan.adapting import compile_round_parts, of_shapes, with_fields
from scriptkit.compiling.plan.call_shapes import Shape, grouped
from scriptkit.compiling.plan.choosing import Chooser
from scriptkit.compiling.plan.subject import Complete, Subject
from scriptkit.engines.interface import BringsTorchScript
from scriptkit.engines.torchscript.engine.making import parts_in, set_form, type_store_unchanged_on_failure
from scriptkit.engines.torchscript.engine.thread import LOCK
from scriptkit.errors import CompilationError
from scriptkit.live.recorded_calls import record_examples
from scriptkit.live.undoing import nothing_left

if TYPE_CHECKING:
    from torch import nn

    from scriptkit.compiling.plan.waiting import Call
    from scriptkit.engines.interface import Part


def learn(root: nn.Module, call: Call, complete: Complete) -> None:
    """Give parts that are lowered a form for each way in which the call reaches them."""
    with LOCK, type_store_unchanged_on_failure(), nothing_left(root):
        recorded = record_examples(root, *call)
        subject = Subject(root, call, None, None, complete=complete, recorded=recorded)
        before: dict[nn.Module, Part] = {}
        try:
            for path, child, part in list(parts_in(root)):
                form = None if isinstance(child, BringsTorchScript) else _extended(subject, path, child, part)
                if form is not None:
                    before[child] = part
                    set_form(child, form)
            if before:
                compile_round_parts(root)
        except Exception:
            for child, part in before.items():
                set_form(child, part)
            raise


def _extended(subject: Subject, path: str, child: nn.Module, part: Part) -> Part | None:
    """The part with forms for what is new to it; None where nothing is."""
    if isinstance(part, BoundLowered):
        part = BoundShapes(part.form, [Shape.of_structure(part.choice.program.inputs, child.forward)], [part])
    if not isinstance(part, BoundShapes):
        return None  # what its source scripts to takes all of them
    known, parts, types = part.shapes, part.parts, part.types
    groups = [
        (shape, calls)
        for shape, calls in grouped(child.forward, subject.calls(path, None))
        if not any(one.is_like(shape) for one in known)
    ]
    if not groups:
        return None
    with switches.eager():
        more: list[Part] = [
            bound_form(child, Chooser(subject.with_calls(path, calls)).choose(path)) for _, calls in groups
        ]
    shapes = [*known, *(shape for shape, _ in groups)]
    with suppress(CompilationError):
        return of_shapes(path, child, shapes, [*parts, *more], types)
    # the forms that are there may give fields by name
    return of_shapes(path, child, shapes, [*parts, *(with_fields(path, child, one) for one in more)], types)
