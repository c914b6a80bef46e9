"""The trace as the choice for a part: one for each training mode, judged, and put together in one form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.boundary.signature import wrapped
from scriptkit.compiling.chosen.choice import TraceChoice, rows_of, told
from scriptkit.compiling.plan.acceptance import headline, named, require_reloadable
from scriptkit.compiling.plan.inserting import depends_on_training, in_mode
from scriptkit.compiling.tracing.trial import Trial, refuse_hazards, try_trace
from scriptkit.engines.torchscript.engine import state
from scriptkit.errors import CompilationError, ScriptkitError, TraceHazardError
from scriptkit.live.steady import parts_of, require_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from scriptkit.compiling.plan.attempt import Attempt
    from scriptkit.compiling.plan.subject import Subject
    from scriptkit.live.recorded_calls import Call


_REENTRANT = (
    "it runs autograd within its call (`checkpoint` with `use_reentrant=True`), which torch's tracer cannot record; "
    "pass `use_reentrant=False`"
)
"""What torch's tracer means by `unordered_map::at`."""


def traced(subject: Subject, attempt: Attempt, reasons: Sequence[str]) -> TraceChoice:
    """Trace a part; raises `CompilationError` or `TraceHazardError`. A trace may be right in evaluation only."""
    path, part = attempt.path, attempt.part
    first, *more = subject.calls(path, attempt.wanted)
    further = [(call.args, call.kwargs) for call in more]
    trials: dict[bool, Trial] = {}
    missing = ""
    for training in (False, True):
        parts, copy = parts_of(part), in_mode(part, training=training)
        try:
            trial = accepted_trial(path, copy, first, further, subject.allow_baked)
        except (CompilationError, TraceHazardError) as error:
            if not training:
                raise
            missing = headline(error)
            break
        require_parts(part, parts)
        state.adopt(trial.call.run.inner, part)
        trials[training] = trial
        if not depends_on_training(part):
            trials[True] = trial
            break
    choice = choice_of_traces(path, part, trials, _reason(attempt, reasons))
    return replace(choice, eval_only=choice.eval_only or missing)


def _reason(attempt: Attempt, reasons: Sequence[str]) -> str:
    if attempt.wanted is not None:
        return "marked as traced"
    return ", ".join([*reasons, "and its trace is right"]) if reasons else "its trace is right"


def accepted_trial(
    path: str,
    part: nn.Module,
    call: Call,
    more: Sequence[tuple[Any, dict[str, Any]]],
    allow_baked: Mapping[str, str] | None,
) -> Trial:
    """A trace without hazards; raises `TraceHazardError`, or `CompilationError` where torch cannot trace at all."""
    try:
        trial = try_trace(part, call.args, call.kwargs, more=more, allow_baked=allow_baked)
    except ScriptkitError:
        raise
    except Exception as error:  # torch's tracer raises errors of many types
        why = _REENTRANT if "unordered_map::at" in str(error) else headline(error)
        raise CompilationError(f"{named(path, part)} cannot be traced: {why}") from error
    refuse_hazards(trial, named(path, part))
    return trial


def choice_of_traces(path: str, part: nn.Module, trials: dict[bool, Trial], reason: str) -> TraceChoice:
    """One form for the traces of a part, by training mode."""
    calls = {training: trial.call for training, trial in trials.items()}
    try:
        form = wrapped(type(part).__name__, calls[False], calls.get(True))
    except CompilationError:
        if True not in calls:
            raise
        del trials[True]
        choice = choice_of_traces(path, part, trials, reason)
        return replace(choice, eval_only="its result has another type in training")
    require_reloadable(path, part, form)
    assumptions = tuple(dict.fromkeys(text for trial in trials.values() for text in trial.assumptions))
    rows = rows_of(path, part, "trace", told(reason, assumptions), assumptions=assumptions)
    return TraceChoice(form, rows, calls)
