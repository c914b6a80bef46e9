"""The trial of a trace: recorded under a probe, compared with the module on changed inputs, and then judged.

Nothing here raises for a hazard. `try_trace` gives a `Trial` with the trace, what it takes for granted, and every
hazard found; who asked decides what to do about them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.boundary.flat_call import TracedCall, input_facts
from scriptkit.compiling.tracing import hazards as kinds
from scriptkit.compiling.tracing.hazards import Hazard, at_places, in_order, of_escape
from scriptkit.compiling.tracing.rehearsal import TRACING_SEED, Rehearsal, change_of_argument, record
from scriptkit.engines.torchscript.engine import errors
from scriptkit.errors import TraceHazardError
from scriptkit.live.environment import readings
from scriptkit.live.lives import life_of
from scriptkit.live.nested import flatten
from scriptkit.live.places import place_of_function, role_of, tried_at
from scriptkit.live.variations import DTYPES, Example, in_dtype, on_meta, perturbations, ranks, reductions, strided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor, nn

    from scriptkit.compiling.tracing.probe import Escape
    from scriptkit.compiling.tracing.rehearsal import Outcome, Recorded
    from scriptkit.live.variations import Axes, Perturbation


@dataclass(frozen=True)
class Trial:
    """A trace with the verdict on it."""

    call: TracedCall
    hazards: tuple[Hazard, ...]
    assumptions: tuple[str, ...]
    accepted: int


@dataclass
class _Evidence:
    """What the comparisons showed."""

    accepted: list[Perturbation] = field(default_factory=list)
    fired: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    harmful: set[int] = field(default_factory=set)
    shapes: list[tuple[Perturbation, Outcome]] = field(default_factory=list)
    values: list[tuple[Perturbation, Outcome]] = field(default_factory=list)


def try_trace(
    module: nn.Module,
    args: Sequence[Any],
    kwargs: dict[str, Any] | None = None,
    *,
    more: Sequence[tuple[Sequence[Any], dict[str, Any]]] = (),
    allow_baked: Mapping[str, str] | None = None,
) -> Trial:
    """Trace a module for example arguments and judge the trace; `more` are further examples to compare on.

    The module is left as it is: its buffers, attributes, hooks, `training` flags and all random states.
    """
    return _Examination(module, Example.of(args, kwargs or {}), more, allow_baked or {}).verdict()


class _Examination:
    """One trial while it goes on."""

    def __init__(
        self,
        module: nn.Module,
        example: Example,
        more: Sequence[tuple[Sequence[Any], dict[str, Any]]],
        allow_baked: Mapping[str, str],
    ) -> None:
        self.module = module
        self.example = example
        self.more = [Example.of(*one) for one in more]
        self.allow_baked = allow_baked
        self.place = place_of_function(type(module).forward, module)
        self.rehearsal = Rehearsal(module)
        self.base = example
        self.evidence = _Evidence()
        self.hazards: list[Hazard] = []
        self.assumptions: list[str] = []
        self.argument = change_of_argument(module, example)  # first: a flag is set once, and never changes again
        self.recorded = record(module, example)
        self._watching: Recorded | None = None

    @property
    def log(self) -> Any:
        return self.recorded.log

    def verdict(self) -> Trial:
        """Compare, judge, and give the trace its final form."""
        self._compare_example()
        self._judge_arguments()
        self.base = self._find_base()
        self._compare_repeated()
        for change in self._changes():
            if not (change.is_spare and self._has_grown(change.axes)):
                self._compare(change)
        self._judge_escapes()
        self._judge_aspects()
        self._judge_differences()
        found = in_order(self.hazards)
        refused = [hazard for hazard in found if hazard.allowed_by(self.allow_baked) is None]
        self._accept([hazard for hazard in found if hazard not in refused])
        call = self._call()
        self.assumptions += [words for fact in call.facts for words in fact.in_words()]
        return Trial(call, tuple(refused), tuple(dict.fromkeys(self.assumptions)), len(self.evidence.accepted))

    def _changes(self) -> Iterator[Perturbation]:
        for number, one in enumerate(self.more):
            yield one.changed(f"further example {number}", one.tensors)
        yield from perturbations(self.base, large=self.example.is_large)

    def _has_grown(self, axes: Axes) -> bool:
        return any(change.axes == axes and change.name.endswith("grown") for change in self.evidence.accepted)

    # ---- comparing

    def _compare_example(self) -> None:
        """The example inputs, from the random state the recording had; types of numbers are learnt from eager code."""
        same = self.example.changed("the example inputs", self.example.tensors)
        outcome = self.rehearsal.compare(self.recorded, same, TRACING_SEED)
        if outcome.refused:
            raise outcome.error or RuntimeError("the module refuses its example inputs")
        if not outcome.agrees and not outcome.failed_check:
            kind = kinds.RANDOM if self.rehearsal.is_random(same) else kinds.DIFFERS
            self.hazards.append(Hazard(kind, self.place, evidence=f"the example inputs: {outcome.text}"))

    def _judge_arguments(self) -> None:
        """What a call does to its caller's lists, dictionaries and objects is in no trace."""
        if self.argument is not None:
            name, place = self.argument
            self.hazards.append(Hazard(kinds.ARGUMENT, place or self.place, evidence=f"it changes '{name}'"))

    def _find_base(self) -> Example:
        """Smaller inputs to go on with, where the module takes them and the trace is right on them."""
        for change in reductions(self.example) if self.example.is_large else ():
            if self._compare(change):
                return change.example
        return self.example

    def _compare_repeated(self) -> None:
        """The same inputs twice, from other random states than the recording had, keeping what was written."""
        same = self.base.changed("the same inputs", self.base.tensors)
        self.rehearsal.renew()
        outcomes = [self.rehearsal.compare(self.recorded, same, seed, in_turn=True) for seed in (5, 7)]
        told = [one.text for one in outcomes if not one.agrees and not one.failed_check]
        if self.rehearsal.keeps_state:
            self._judge_state(told)
        elif told and not self.hazards:
            self.hazards.append(Hazard(kinds.RANDOM, self.place, evidence=told[0]))
        self.rehearsal.renew()

    def _judge_state(self, told: list[str]) -> None:
        if told or self.place.in_project:
            evidence = told[0] if told else "an attribute changes with every call"
            self.hazards.append(Hazard(kinds.STATE, self.place, evidence=evidence))

    def _compare(self, change: Perturbation) -> bool:
        """Compare on changed inputs and keep the evidence; True where both ran and agree."""
        outcome = self.rehearsal.compare(self.recorded, change)
        if outcome.refused:
            return False
        self.evidence.accepted.append(change)
        if outcome.failed_check is not None:
            self._look_closer(change)
        elif not outcome.agrees:
            (self.evidence.shapes if change.axes else self.evidence.values).append((change, outcome))
        return outcome.agrees

    def _look_closer(self, change: Perturbation) -> None:
        """A check stopped the trace: see which values are others now, and whether the result is wrong for that."""
        if self._watching is None:
            self._watching = record(self.module, self.example, watching=True, expected=self.recorded.output)
        tensors, _ = flatten((change.args, change.kwargs))
        outcome = self.rehearsal.compare(self._watching, change)
        try:
            with torch.no_grad():
                watching = self._watching.of(life_of(self._watching.run))
                fired = watching.disagreeing([t.clone() for t in tensors])
        except Exception:  # noqa: BLE001  # what a trace raises on inputs it does not fit is all that is to know
            fired = {_number(self.rehearsal.compare(self.recorded, change).failed_check)}
        for number in fired:
            self.evidence.fired[number].append(change.name)
        if not outcome.agrees:
            self.evidence.harmful |= fired

    # ---- judging

    def _judge_escapes(self) -> None:
        for escape in self.log.escapes:
            if escape.place.in_project:
                self._judge_own(escape)
            elif escape.number in self.evidence.harmful:
                self._judge_installed(escape)

    def _judge_own(self, escape: Escape) -> None:
        """In project code: data must not decide anything, sizes may where the module itself fixes them."""
        fired = self.evidence.fired.get(escape.number)
        if role_of(escape.place) == "check":
            self.assumptions.append(f"{escape.place.short}: the check of `{escape.place.text}` is part of the trace")
        elif escape.from_data or fired:
            evidence = f"it changes with {fired[0]}" if fired else ""
            self.hazards.append(of_escape(escape, evidence))
        else:
            self.assumptions.append(
                f"{escape.place.short}: `{escape.place.text}` is {escape.value!r}; checked at each call"
            )

    def _judge_installed(self, escape: Escape) -> None:
        """In installed code: a size that matters is checked at each call, data that matter are a hazard."""
        if escape.from_data:
            self.hazards.append(of_escape(escape, f"it changes with {self.evidence.fired[escape.number][0]}"))
        else:
            self.assumptions.append(
                f"{escape.place.short}: `{escape.place.text}` is {escape.value!r}; checked at each call"
            )

    def _judge_differences(self) -> None:
        """Differences no other hazard explains."""
        wrong = [(change, outcome) for change, outcome in self.evidence.shapes if outcome.differences]
        stopped = [(c, o) for c, o in self.evidence.shapes if not o.differences and c.axes & self._never_good()]
        asked = self.log.asked("parts")
        if asked and self.evidence.shapes:
            self.hazards += at_places(kinds.LOOP, asked, _told(self.evidence.shapes[0]))
        self.hazards += _tried(self.evidence.shapes)
        if self.evidence.values and not self.hazards:
            self.hazards.append(Hazard(kinds.DIFFERS, self.place, evidence=_told(self.evidence.values[0])))
        if (wrong or stopped) and not self.hazards and self.place.in_project:
            self.hazards.append(Hazard(kinds.SHAPE, self.place, evidence=_told((wrong or stopped)[0])))

    def _never_good(self) -> Axes:
        """Axes with which eager code goes along when they change, but never the trace."""
        bad = {id(change) for change, _ in self.evidence.shapes}
        good = {axis for change in self.evidence.accepted if id(change) not in bad for axis in change.axes}
        return frozenset(axis for change, _ in self.evidence.shapes for axis in change.axes if axis not in good)

    def _judge_aspects(self) -> None:
        self.hazards += at_places(kinds.KEYS, self.log.asked("keys"), "")
        self.hazards += [Hazard(kinds.CLOCK, place) for place in readings(self.module)]
        self._judge_dtype()
        self._judge_device()
        self._judge_rank()
        self._judge_grad()
        self._judge_layout()

    def _judge_dtype(self) -> None:
        places = self.log.asked("dtype")
        self.hazards += at_places(kinds.DTYPE, (p for p in places if role_of(p) == "branch"), "")
        for dtype in DTYPES if places else ():
            outcome = self.rehearsal.converted(self.recorded, in_dtype(self.example, dtype), lambda t: _as(t, dtype))  # noqa: B023
            if not outcome.refused and not outcome.agrees:
                self.hazards += at_places(kinds.DTYPE, places, f"in {dtype}: {outcome.text}")
                return

    def _judge_device(self) -> None:
        places = self.log.asked("device")
        self.hazards += at_places(kinds.DEVICE, (p for p in places if role_of(p) == "branch"), "")
        if places:
            outcome = self.rehearsal.converted(self.recorded, on_meta(self.example), lambda t: t.to("meta"))
            if outcome.refused or not outcome.agrees:
                self.hazards += at_places(kinds.DEVICE, places, "" if outcome.refused else f"on meta: {outcome.text}")

    def _judge_rank(self) -> None:
        places = self.log.asked("rank") or [
            p for p in self.log.asked("shape") if "len(" in p.text or "size()" in p.text
        ]
        places = places or self.log.asked("shape")
        for change in ranks(self.example) if places else ():
            outcome = self.rehearsal.compare(self.recorded, change)
            if outcome.differences:
                self.hazards += at_places(kinds.RANK, places, f"{change.name}: {outcome.text}")
                return

    def _judge_grad(self) -> None:
        places = self.log.asked("grad")
        if places:
            outcome = self.rehearsal.gradients(self.recorded, self.example)
            if not outcome.agrees:
                self.hazards += at_places(kinds.GRAD, places, outcome.text)
        elif not self.hazards and self.rehearsal.is_attached_otherwise(self.recorded, self.example):
            self.hazards.append(Hazard(kinds.GRAD, self.place, evidence="gradients flow through other results"))

    def _judge_layout(self) -> None:
        places = self.log.asked("layout")
        if "layout" in self.log.everywhere:
            outcome = self.rehearsal.compare(self.recorded, strided(self.example))
            if not outcome.refused and outcome.differences:
                self.hazards += at_places(kinds.LAYOUT, places or [self.place], outcome.text)

    # ---- the final form

    def _accept(self, allowed: list[Hazard]) -> None:
        for hazard in allowed:
            reason = hazard.allowed_by(self.allow_baked)
            self.assumptions.append(f"{hazard.place.short}: {hazard.kind.name} accepted: {reason}")

    def _fixed_axes(self) -> Axes:
        """Axes that may not change, because the trace is wrong where they do; where it raises by itself, it may."""
        wrong = {axis for change, outcome in self.evidence.shapes if outcome.differences for axis in change.axes}
        never = self._never_good()
        return frozenset(wrong & never or wrong) | never

    def _unchecked(self) -> set[int]:
        """Values that changed without harm, and data whose baking the user accepts."""
        told = {e.number for e in self.log.escapes if not e.from_data or self._is_told(e.number)}
        harmless = {n for n in self.evidence.fired if n not in self.evidence.harmful and n in told}
        accepted = {
            e.number for e in self.log.escapes if e.from_data and of_escape(e).allowed_by(self.allow_baked) is not None
        }
        own = {e.number for e in self.log.escapes if e.place.in_project}
        return (harmless - own) | accepted

    def _is_told(self, number: int) -> bool:
        """Whether data that changed without harm did so for more than zeros or a single row, which hide much."""
        return any(not name.endswith(("zeros", "cut to one")) for name in self.evidence.fired[number])

    def _call(self) -> TracedCall:
        unchecked = self._unchecked()
        if unchecked:
            self.recorded = record(self.module, self.example, unchecked=unchecked, expected=self.recorded.output)
        facts = input_facts(self.example.structure, self.example.tensors, self.log.everywhere, self._fixed_axes())
        return TracedCall(self.recorded.run, self.module.forward, self.example.structure, self.recorded.output, facts)


def _tried(shapes: Sequence[tuple[Perturbation, Outcome]]) -> Iterator[Hazard]:
    """Operators that a `try` guards, and that fail for other shapes: Python goes on another way, a trace raises."""
    for change, outcome in shapes:
        if outcome.error is not None:
            places = (tried_at(frame.path, frame.line) for frame in errors.frames_of_trace(str(outcome.error)))
            yield from at_places(kinds.SHAPE, filter(None, places), _told((change, outcome)))


def _told(found: tuple[Perturbation, Outcome]) -> str:
    return f"{found[0].name}: {found[1].text}"


def _as(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _number(check: str | None) -> int:
    return int((check or "[-1]").partition("]")[0].lstrip("["))


def refuse_hazards(trial: Trial, name: str) -> None:
    """Raise `TraceHazardError` with all hazards of a trial, if there are any."""
    if trial.hazards:
        count = len(trial.hazards)
        values = "a value that depends" if count == 1 else f"{count} values that depend"
        headline = f"a trace of {name} would bake in {values} on more than the example inputs show"
        raise TraceHazardError(headline, [hazard.diagnostic() for hazard in trial.hazards])
