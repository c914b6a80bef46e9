"""What `export_program` tells: each method, how it was exported, and every dimension with the reason for its kind."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from scriptkit.engines.export.inputs import FixedInput, NumberInput, TensorInput, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.engines.export.inputs import Kind
    from scriptkit.engines.export.programs import MethodProgram


@dataclass(frozen=True)
class DimensionRow:
    """One dimension of one input of a method.

    `kind` is "free", "range" (with `least` and `most`), "equal" (to another one, which `reason` names) or "fixed".
    """

    input: str
    index: int
    kind: Kind
    reason: str
    size: int
    least: int
    most: int | None
    method: str = "forward"


@dataclass(frozen=True)
class MethodRow:
    """One program: its method, the route ("exported" or "lowered"), the mode (None: either), and what is said of it."""

    method: str
    route: str
    training: bool | None
    fixed: tuple[str, ...]
    notes: tuple[str, ...]
    compared: int


@dataclass(frozen=True)
class ExportReport:
    """How a module was exported; `str()` is for people, `as_json()` for tools."""

    class_name: str
    rows: tuple[MethodRow, ...]
    dimensions: tuple[DimensionRow, ...]
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.class_name, *(line for row in self.rows for line in self._lines(row)), *self.left_out])

    @staticmethod
    def _lines(row: MethodRow) -> Iterator[str]:
        mode = {True: ", train()", False: ", eval()", None: ""}[row.training]
        yield f"  {row.method}: {row.route}{mode}, equal to the method in {row.compared} comparisons"
        yield from (f"    {text}" for text in (*row.fixed, *row.notes))

    def as_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps(asdict(self), indent=2)


def method_row(program: MethodProgram) -> MethodRow:
    """What is said of one program."""
    fixed = (*_fixed(program), *_conditions(program))
    return MethodRow(
        program.method, program.route, program.training, tuple(fixed), program.notes, len(program.compared)
    )


def _conditions(program: MethodProgram) -> Iterator[str]:
    """The first condition that a line brings, and how many more it brings."""
    by_line: dict[str, list[str]] = {}
    for guard in program.guards:
        by_line.setdefault(guard.message.rpartition(": ")[2], []).append(guard.message)
    for first, *more in by_line.values():
        yield f"{first} (and {len(more)} more conditions)" if more else first


def dimension_rows(programs: Sequence[MethodProgram]) -> Iterator[DimensionRow]:
    """Every dimension of every input, in order."""
    for program in programs:
        for one in program.inputs:
            if isinstance(one, TensorInput):
                for place, it in enumerate(one.dimensions):
                    yield DimensionRow(one.name, place, it.kind, it.reason, it.size, it.least, it.most, program.method)


def _fixed(program: MethodProgram) -> Iterator[str]:
    for one in program.inputs:
        if isinstance(one, TensorInput):
            for place, it in enumerate(one.dimensions):
                because = f": {it.reason}" if it.reason else ""
                if it.kind == "fixed":
                    yield f"dimension {place} of '{one.name}' is fixed at {it.size}{because}"
                elif it.kind == "range":
                    upper = "" if it.most is None else f" to {it.most}"
                    yield f"dimension {place} of '{one.name}' may be {it.least}{upper or ' or more'}{because}"
        elif isinstance(one, FixedInput) and one.value is not None:
            yield f"{one.name} is part of the program: it was exported with {told(one.value)}"
        elif isinstance(one, NumberInput) and (one.least is not None or one.most is not None):
            yield f"'{one.name}' is bounded ({_bounds(one.least, one.most)}): {one.reason}"


def _bounds(least: int | None, most: int | None) -> str:
    if least is None or most is None:
        return f"at most {most}" if least is None else f"at least {least}"
    return f"{least} to {most}"
