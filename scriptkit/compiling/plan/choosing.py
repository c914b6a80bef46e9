"""How each part of a foreign module is compiled: its mark, else the first of several ways that is right.

`WAYS` are tried in order, the best form first. Each that fails leaves one reason, which the report tells of the way
that is taken in the end.

Nothing here runs the user's module itself: copies run, and the compiled forms share its parameters and buffers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scriptkit import log
from scriptkit.compiling.lowering import LoweringError
from scriptkit.compiling.plan.acceptance import headline, named
from scriptkit.compiling.plan.attempt import Attempt
from scriptkit.compiling.plan.by_parts import compiled_by_parts
from scriptkit.compiling.plan.last_resort import HooksLostError, LastResortError
from scriptkit.compiling.plan.lowered import lowered, lowered_round_marked, lowered_round_refused
from scriptkit.compiling.plan.scripted import in_memory_only, scripted
from scriptkit.compiling.plan.subject import differentiates
from scriptkit.compiling.plan.traces import traced
from scriptkit.engines.torchscript.engine.errors import SharedContainerError
from scriptkit.errors import CompilationError, TraceHazardError
from scriptkit.live.undoing import contents_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    from scriptkit.compiling.chosen.choice import Choice
    from scriptkit.compiling.plan.subject import Subject


@dataclass(frozen=True)
class Way:
    """One way to compile a part.

    `name`: a mark that asks for this mode leaves only this way. `take`: the choice; None where it has nothing to offer.
    `reason`: what is told where it failed, with the first line of the refusal; empty where the refusal itself is.
    """

    name: str
    take: Callable[[Chooser, Attempt], Choice | None]
    reason: str = ""


class Chooser:
    """Chooses for the parts of one tree."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.attempted: dict[str, nn.Module] = {}
        """What was at each path when a form was chosen for it."""

    def choose(self, path: str = "") -> Choice:
        """The compiled form of a part, and why; raises `CompilationError` or `TraceHazardError`."""
        attempt = self._attempt(path)
        if self.subject.has_marks_below(path):
            return compiled_by_parts(self.subject, attempt, self.choose)
        try:
            return self._first(attempt)
        except (CompilationError, TraceHazardError):
            refusal = attempt.refusals.get("script")
            if not isinstance(refusal, LastResortError):
                raise
            return in_memory_only(self.subject, attempt, refusal)

    def choose_script(self, path: str) -> Choice:
        """What the source of a part scripts to, for all the ways in which it is called; raises `CompilationError`."""
        return scripted(self.subject, self._attempt(path))

    def lower_again(self) -> Choice:
        """The root lowered, and nothing else; raises `CompilationError`."""
        attempt, reasons = self._attempt(""), ["was lowered before"]
        if self.subject.has_marks_below(""):
            return lowered_round_marked(self.subject, attempt, self.choose)
        try:
            return lowered(self.subject, attempt, reasons)
        except LoweringError:
            choice = lowered_round_refused(self.subject, attempt, reasons) if attempt.wanted is None else None
            if choice is None:
                raise
            return choice

    def _attempt(self, path: str) -> Attempt:
        part = self.attempted[path] = self.subject.root.get_submodule(path)
        return Attempt(path, part, self.subject.wanted(path, part))

    def _first(self, attempt: Attempt) -> Choice:
        """The first way that works; where none does, the refusal of the last, with the reasons of the others."""
        refusal: CompilationError | TraceHazardError | None = None
        for way in self._open_ways(attempt):
            try:
                with contents_kept(self.subject.examples):  # each begins with what the caller gave
                    choice = way.take(self, attempt)
            except (CompilationError, TraceHazardError) as error:
                refusal = attempt.refusals[way.name] = error
                if log.is_heard(log.plan):
                    log.plan.debug("%s: %s: no: %s", named(attempt.path, attempt.part), way.name, headline(error))
                if attempt.wanted is not None:
                    raise
                if way.reason:
                    attempt.reasons[way.name] = way.reason.format(headline(error))
            else:
                if choice is not None:
                    reason = choice.rows[0].reason
                    log.plan.debug("%s: %s: yes: %s", named(attempt.path, attempt.part), way.name, reason)
                    return choice
        assert refusal is not None  # noqa: S101 - the last way never declines
        raise attempt.with_reasons(refusal) from refusal

    def _open_ways(self, attempt: Attempt) -> Iterator[Way]:
        """The ways that may be taken, as far as the refusals until then tell."""
        for way in WAYS:
            if not attempt.is_open(way.name):
                continue
            refusal = attempt.refusals.get("script")
            if isinstance(refusal, HooksLostError) and not refusal.are_of_torch:
                # a lowered program has the hooks in it; a trace would have what they did in one call
                if way.name == "lowered":
                    yield way
                continue
            if isinstance(refusal, SharedContainerError) and way.name not in ("script", "lowered"):
                continue
            if way.name != "script":
                self._require_calls(attempt)
            yield way

    def _require_calls(self, attempt: Attempt) -> None:
        """All ways but the first need to know how the part is called, and cannot have it differentiate."""
        what, refusal = named(attempt.path, attempt.part), attempt.refusals.get("script")
        with contents_kept(self.subject.examples):
            calls = self.subject.calls(attempt.path, attempt.wanted)
        if not calls:
            how = "lowered" if attempt.wanted is not None and attempt.wanted.mode == "lowered" else "traced"
            if refusal is None:
                raise CompilationError(f"{what} needs example inputs to be {how}")
            if not attempt.path or self.subject.examples is None:
                raise refusal
            way_out = f"hold `scriptkit.compile({attempt.path}, example_inputs=...)` in its place"
            message = f"{what} does not script, and the example call does not reach it: {way_out}"
            raise CompilationError(message, refusal.diagnostics) from refusal
        if any(call.with_gradients for call in calls):
            raise differentiates(what, refusal)


def _script(chooser: Chooser, attempt: Attempt) -> Choice:
    return scripted(chooser.subject, attempt)


def _lower(chooser: Chooser, attempt: Attempt) -> Choice:
    return lowered(chooser.subject, attempt, attempt.why_not_scripted())


def _lower_round_parts(chooser: Chooser, attempt: Attempt) -> Choice | None:
    if not isinstance(attempt.refusals.get("lowered"), LoweringError):
        return None  # the program of the whole was made, and is wrong or no program for TorchScript
    return lowered_round_refused(chooser.subject, attempt, attempt.why_not_scripted())


def _trace(chooser: Chooser, attempt: Attempt) -> Choice:
    return traced(chooser.subject, attempt, [*attempt.reasons.values()])


def _compile_by_parts(chooser: Chooser, attempt: Attempt) -> Choice:
    return compiled_by_parts(chooser.subject, attempt, chooser.choose, attempt.refusals.get("trace"))


WAYS = (
    Way("script", _script, "does not script ({})"),
    Way("lowered", _lower, "is not lowered ({})"),
    Way("lowered round its parts", _lower_round_parts, "nor round its parts ({})"),
    Way("trace", _trace),
    Way("by parts", _compile_by_parts),
)
