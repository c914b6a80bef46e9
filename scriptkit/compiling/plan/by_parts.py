"""The last way: the children compiled by themselves, and the part round them, from its source, lowered or traced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from scriptkit.compiling.chosen.choice import ScriptChoice, joined, rows_of
from scriptkit.compiling.plan.acceptance import named, require_equal, require_reloadable
from scriptkit.compiling.plan.inserting import has_tensor_boundary, in_mode, with_children
from scriptkit.compiling.plan.lowered import lowered_round_marked
from scriptkit.compiling.plan.traces import accepted_trial, choice_of_traces
from scriptkit.engines.torchscript.engine import state
from scriptkit.errors import CompilationError, TraceHazardError
from scriptkit.live.marks import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

    from scriptkit.compiling.chosen.choice import Choice, TraceChoice
    from scriptkit.compiling.plan.attempt import Attempt, Refusal
    from scriptkit.compiling.plan.subject import Subject

Choose = Callable[[str], "Choice"]


def compiled_by_parts(subject: Subject, attempt: Attempt, choose: Choose, refusal: Refusal | None = None) -> Choice:
    """Compile the children, then the part round them; raises the first refusal, `refusal` where there is one."""
    children = dict(_children(subject, attempt.path, attempt.part, choose))
    if not children:
        raise refusal or CompilationError(f"{named(attempt.path, attempt.part)} does not compile")
    if attempt.is_open("script"):
        try:
            return _scripted_round(subject, attempt, children)
        except CompilationError as error:
            if attempt.wanted is not None:
                raise
            refusal = refusal or error
    if attempt.is_open("lowered") and subject.has_marks_below(attempt.path):
        try:
            return lowered_round_marked(subject, attempt, choose)
        except CompilationError:
            if attempt.wanted is not None:
                raise
    return _traced_round(subject, attempt, children, refusal)


def _scripted_round(subject: Subject, attempt: Attempt, children: Mapping[str, Choice]) -> ScriptChoice:
    path, part = attempt.path, attempt.part
    form = subject.complete(with_children(part, children, path))
    for call in subject.calls(path, None):
        require_equal(path, part, form, call)
    require_reloadable(path, part, form)
    rows = rows_of(path, part, "script", "its source scripts round compiled parts", children)
    programs = [program for choice in children.values() for program in choice.programs]
    is_eval_only = any(choice.eval_only for choice in children.values())
    eval_only = "one of its parts was traced round scripted ones, or for evaluation only" if is_eval_only else ""
    return ScriptChoice(form, rows, programs, is_whole=False, eval_only=eval_only)


def _traced_round(
    subject: Subject, attempt: Attempt, children: Mapping[str, Choice], refusal: Refusal | None
) -> TraceChoice:
    path, part = attempt.path, attempt.part
    kept = {p: c for p, c in children.items() if has_tensor_boundary(subject.calls(p, None))}
    calls = subject.calls(path, attempt.wanted)
    if not calls:
        raise refusal or CompilationError(f"{named(path, part)} needs example inputs to be traced")
    mixed = with_children(part, kept, path)
    try:
        trial = accepted_trial(path, in_mode(mixed, training=False), calls[0], (), subject.allow_baked)
    except CompilationError as error:
        raise refusal or error from error
    state.adopt(trial.call.run.inner, mixed)
    choice = choice_of_traces(path, part, {False: trial}, "traced round scripted parts")
    first = choice.rows[0]
    return replace(
        choice,
        rows=rows_of(path, part, "trace", first.reason, kept, assumptions=first.assumptions),
        eval_only="a trace round scripted parts holds for evaluation only",
    )


def _children(subject: Subject, path: str, part: nn.Module, choose: Choose) -> Iterator[tuple[str, Choice]]:
    """The children that are called, compiled; those that do not compile stay part of their parent."""
    for name, child in part.named_children():
        inner = joined(path, name)
        if not subject.calls(inner, mark_of(child)):
            yield from _children(subject, inner, child, choose)
            continue
        try:
            yield inner, choose(inner)
        except (CompilationError, TraceHazardError):
            if subject.wanted(inner, child) is not None:
                raise
