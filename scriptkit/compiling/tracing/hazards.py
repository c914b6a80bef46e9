"""What a trace can bake in, and how each of it is told: the diagnostics of `TraceHazardError`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scriptkit.compiling.tracing.probe import BOOLS
from scriptkit.diagnostics import Diagnostic
from scriptkit.live.places import role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scriptkit.compiling.tracing.probe import Escape
    from scriptkit.live.places import Place

WIDEST = 34


@dataclass(frozen=True)
class Kind:
    """One way in which a trace goes wrong; the name is what `allow_baked` takes."""

    code: str
    name: str
    message: str
    note: str
    help: str


BRANCH = Kind(
    "SK601",
    "baked-branch",
    "`{text}` would always be decided as for the example inputs",
    "a trace records one path; a condition on a tensor is decided while recording",
    "script this module, or select with `torch.where`",
)
LOOP = Kind(
    "SK602",
    "baked-loop",
    "the loop over `{text}` would always run as often as for the example inputs",
    "a trace records the steps of a loop one after the other, not the loop",
    "script this module, or replace the loop by tensor operations",
)
VALUE = Kind(
    "SK603",
    "baked-value",
    "`{text}` would always have its value for the example inputs",
    "a trace records tensor operations; a Python value goes on as a constant",
    "script this module, or keep the value in a tensor",
)
SHAPE = Kind(
    "SK604",
    "baked-shape",
    "`{text}` would always have its value for the shape of the example inputs",
    "a trace follows sizes through tensor arithmetic only; a Python number is a constant",
    "script this module, or keep the size in tensor operations (`//`, `view(-1)`)",
)
DTYPE = Kind(
    "SK605",
    "baked-dtype",
    "`{text}` would always be the dtype of the example inputs",
    "a trace holds dtypes as constants",
    "script this module, or use `type_as`, `new_zeros` or `zeros_like`",
)
DEVICE = Kind(
    "SK606",
    "baked-device",
    "`{text}` would always be the device of the example inputs",
    "a trace holds devices as constants",
    "script this module, or use `type_as`, `new_zeros` or `zeros_like`",
)
RANK = Kind(
    "SK607",
    "baked-rank",
    "`{text}` would always be decided for the rank of the example inputs",
    "a trace records operations for one number of dimensions",
    "script this module",
)
STATE = Kind(
    "SK608",
    "baked-state",
    "what `{text}` writes in one call would be lost for the next",
    "a trace carries only tensors changed in place from call to call, no attributes",
    "script this module, or keep the state in a buffer and change it in place",
)
RANDOM = Kind(
    "SK609",
    "baked-random",
    "a value in `{text}` would be drawn once, while recording",
    "a trace records random numbers of torch only, not those of Python or NumPy",
    "draw with `torch.rand`, or pass the number as an argument",
)
GRAD = Kind(
    "SK610",
    "baked-grad-mode",
    "`{text}` would have no effect on gradients",
    "a trace records neither grad mode nor inference mode",
    "script this module, or use `detach`",
)
KEYS = Kind(
    "SK611",
    "baked-keys",
    "`{text}` would always be answered for the keys of the example inputs",
    "a trace sees the values of a dict, not the dict",
    "script this module, or pass the optional tensors as arguments",
)
CLOCK = Kind(
    "SK612",
    "baked-environment",
    "`{text}` would have its value at the time of recording for ever",
    "a trace holds what Python computed as a constant",
    "pass the value as an argument",
)
DIFFERS = Kind(
    "SK613",
    "trace-differs",
    "the trace of `{text}` differs from the module on other inputs",
    "the trace and the module were run on changed inputs, and did not agree",
    "script this module",
)
LAYOUT = Kind(
    "SK614",
    "baked-layout",
    "`{text}` would always be answered for the memory layout of the example inputs",
    "a trace holds strides as constants",
    "script this module, or call `contiguous` first",
)
CAUGHT = Kind(
    "SK615",
    "baked-exception",
    "`{text}` failed while it was recorded, and always would be taken to fail",
    "a trace records one path; whether an operator fails is decided while recording",
    "script this module, or ask for the condition instead of catching the error",
)
ARGUMENT = Kind(
    "SK616",
    "baked-argument",
    "what `{text}` changes of the caller's would stay as it is",
    "a trace takes tensors and gives tensors; lists, dictionaries and objects of the caller are no part of it",
    "work on a copy (`list(xs)`, `dict(d)`), and return what is new",
)
KINDS = (
    *(BRANCH, LOOP, VALUE, SHAPE, DTYPE, DEVICE, RANK, STATE),
    *(RANDOM, GRAD, KEYS, CLOCK, DIFFERS, LAYOUT, CAUGHT, ARGUMENT),
)


@dataclass(frozen=True)
class Hazard:
    """One place where a trace would bake something in, and how that showed."""

    kind: Kind
    place: Place
    label: str = ""
    evidence: str = ""
    class_name: str = ""

    def allowed_by(self, allow_baked: Mapping[str, str]) -> str | None:
        """The reason under which the user accepts this hazard: by name, code, `file.py:line` or line."""
        keys = (
            self.kind.name,
            self.kind.code,
            self.place.short,
            f"{self.place.path}:{self.place.line}",
            str(self.place.line),
        )
        return next((allow_baked[key] for key in keys if key in allow_baked), None)

    def diagnostic(self) -> Diagnostic:
        """As every door shows it."""
        kind, place = self.kind, self.place
        return Diagnostic(
            place.path,
            place.line,
            place.column,
            place.end_line,
            place.end_column,
            kind.code,
            kind.name,
            kind.message.format(text=_shortened(place.text or place.function)),
            label=self.label,
            note=f"{kind.note} ({self.evidence})" if self.evidence else kind.note,
            help=kind.help,
            class_name=self.class_name,
            method=place.function.rpartition(".")[2],
        )


def _shortened(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 4].rstrip() + " ..."


def of_escape(escape: Escape, evidence: str = "") -> Hazard:
    """The hazard of a value that left a tensor."""
    role = role_of(escape.place)
    label = "" if escape.value is None else f"`{_shortened(repr(escape.value))}` for the example inputs"
    if role == "loop" or escape.operation == "__iter__":
        kind = LOOP
    elif role == "branch" or escape.operation in BOOLS:
        kind = BRANCH
    else:
        kind = VALUE if escape.from_data else SHAPE
    return Hazard(kind, escape.place, label, evidence)


def at_places(kind: Kind, places: Iterable[Place], evidence: str) -> list[Hazard]:
    """One hazard for each place that may be the cause."""
    return [Hazard(kind, place, evidence=evidence) for place in places]


def in_order(hazards: Iterable[Hazard]) -> list[Hazard]:
    """By place; one mistake is one hazard, so the first found at a place speaks for the others."""
    unique: dict[Place, Hazard] = {}
    for hazard in hazards:
        unique.setdefault(hazard.place, hazard)
    return sorted(unique.values(), key=lambda h: (h.place.path, h.place.line, h.place.column, h.kind.code))
