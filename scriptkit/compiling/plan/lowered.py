"""The second way: the program that lowering makes, of the whole part or round submodules with forms of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scriptkit.compiling.chosen.choice import LoweredChoice, below, joined, rows_of, told
from scriptkit.compiling.lowering import LoweringError, lower, obstacles
from scriptkit.compiling.lowering.trial import try_lowered
from scriptkit.compiling.plan.acceptance import headline, named, require_reloadable
from scriptkit.compiling.plan.attempt import Attempt, does_not_script
from scriptkit.compiling.plan.inserting import compiled_already, depends_on_training
from scriptkit.compiling.plan.parts import outermost, part_of
from scriptkit.compiling.plan.scripted import scripted
from scriptkit.compiling.plan.traces import traced
from scriptkit.diagnostics import in_source_order
from scriptkit.errors import CompilationError
from scriptkit.live import programs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scriptkit.compiling.chosen.choice import Choice
    from scriptkit.compiling.lowering import LoweredModule, Obstacle
    from scriptkit.compiling.lowering.evaluator.evaluator import Part
    from scriptkit.compiling.plan.subject import Subject
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.live.recorded_calls import Call


def lowered(
    subject: Subject, attempt: Attempt, reasons: Sequence[str], within: Mapping[str, Choice] | None = None
) -> LoweredChoice:
    """The lowered form; submodules in `within` are called in the form they have."""
    path, part = attempt.path, attempt.part
    calls = subject.calls(path, attempt.wanted)
    if not calls:
        raise CompilationError(f"{named(path, part)} needs example inputs to be lowered")
    within = {**compiled_already(path, part), **(within or {})}
    inner = {below(path, p): choice for p, choice in within.items()}
    parts = {p: part_of(p, part.get_submodule(p), c, subject.calls(joined(path, p), None)) for p, c in inner.items()}
    program = _program(subject, attempt, calls[0], parts)
    verdict = try_lowered(program, part, calls, trainable=depends_on_training(part))
    require_reloadable(path, part, program.form)
    reason = "marked as lowered" if attempt.wanted else ", ".join([*reasons, "and its lowered program is right"])
    assumptions = (*program.assumptions, *(_dropped(found) for found in program.dropped), *verdict.limits)
    facts = program.facts.assumptions()
    rows = rows_of(path, part, "lowered", told(reason, assumptions), within, assumptions=(*assumptions, *facts))
    eval_only = [f"`{p}`: {choice.eval_only}" for p, choice in inner.items() if choice.eval_only]
    own = {p: choice for p, choice in inner.items() if not programs.is_compiled(part.get_submodule(p))}
    return LoweredChoice(
        program.form,
        rows,
        program,
        parts={p: replace(choice, form=parts[p].form) for p, choice in own.items()},
        eval_only=next(iter(eval_only), verdict.eval_only),
    )


def _program(subject: Subject, attempt: Attempt, call: Call, parts: Mapping[str, Part]) -> LoweredModule:
    try:
        return lower(attempt.part, call.args, call.kwargs, parts)
    except LoweringError as error:
        if attempt.wanted is None:
            raise
        # nothing else may be tried: then all that stands in the way is worth the time
        found = [one.diagnostic for one in _obstacles(subject, attempt, call, parts)]
        raise LoweringError(error.headline, in_source_order({*error.diagnostics, *found})) from error
    except CompilationError:
        raise
    except Exception as error:
        what = named(attempt.path, attempt.part)
        raise CompilationError(f"internal error while lowering {what}: {error!r}") from error


def _obstacles(subject: Subject, attempt: Attempt, call: Call, parts: Mapping[str, Part]) -> list[Obstacle]:
    """All that stands in the way of lowering."""
    path, part = attempt.path, attempt.part
    inside = [name for name, _ in part.named_modules() if name]
    recorded = {name: found[0].result for name in inside if (found := subject.calls(joined(path, name), None))}
    return obstacles(part, call.args, call.kwargs, parts, recorded)


def lowered_round_refused(subject: Subject, attempt: Attempt, reasons: Sequence[str]) -> LoweredChoice | None:
    """Lowered, where the submodules that cannot be are scripted or traced by themselves.

    None where no submodule is what stands in the way, but the code of the part itself.
    """
    path = attempt.path
    refused = _obstacles(subject, attempt, subject.calls(path, None)[0], {})
    if not refused or not all(one.path for one in refused):
        return None
    why: dict[str, str] = {}
    for one in refused:
        why.setdefault(one.path, headline(LoweringError("", [one.diagnostic])))
    within = {joined(path, p): _apart(subject, joined(path, p), why[p]) for p in outermost(why)}
    spoken = ", ".join(f"`{p}`" for p in within)
    return lowered(subject, attempt, [*reasons, f"is lowered round {spoken}"], within)


def _apart(subject: Subject, path: str, why: str) -> Choice:
    """A part that cannot be lowered, by itself."""
    attempt = Attempt(path, subject.root.get_submodule(path), None)
    try:
        return scripted(subject, attempt)
    except CompilationError as error:
        return traced(subject, attempt, [does_not_script(error), f"is not lowered ({why})"])


def lowered_round_marked(subject: Subject, attempt: Attempt, choose: Callable[[str], Choice]) -> LoweredChoice:
    """Lowered, where the submodules that are marked otherwise have the form they are marked for."""
    marks = dict.fromkeys(subject.marked(attempt.path))
    choices = {p: choose(p) for p in outermost(marks)}
    within = {p: choice for p, choice in choices.items() if choice.mode != "lowered" and subject.calls(p, None)}
    return lowered(subject, attempt, ["is lowered round parts that are marked"], within)


def _dropped(diagnostic: Diagnostic) -> str:
    """An arm that raises, as an assumption."""
    return f"{diagnostic.path.rpartition('/')[2]}:{diagnostic.line}: it is not reached ({diagnostic.message})"
