"""What a verification compared, what came out, and what it did not reach."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

from scriptkit.tables import Table, Tabular

if TYPE_CHECKING:
    from scriptkit.live.comparison import Difference

Form = Literal["compiled", "loaded"]


@dataclass(frozen=True)
class Comparison:
    """One comparison of eager results with those of one compiled form."""

    form: Form
    method: str
    training: bool
    inputs: str
    differences: tuple[Difference, ...] = ()
    refused: str = ""

    @property
    def what_was_compared(self) -> tuple[str, str, bool, str]:
        """What tells it from other comparisons of one verification."""
        return self.form, self.method, self.training, self.inputs

    def __str__(self) -> str:
        mode = "train" if self.training else "eval"
        what = "; ".join(f"{d.path}: {d.what}" for d in self.differences) or "equal"
        return f"{self.form} {self.method} ({mode}, {self.inputs}): {what}"


@dataclass(frozen=True)
class VerificationReport(Tabular):
    """What was compared and what came out; `str()` is readable, `as_json()` is for tools.

    `skipped` names what could not be compared and why, `first_submodule` the first submodule that differs by itself,
    `unreached` the branches of the module's own code that no eager run of the verification took: of them it knows
    nothing. `not_undone` names the calls that ran and reach outside of the process: files, the network, the log.
    """

    class_name: str
    comparisons: tuple[Comparison, ...]
    skipped: tuple[str, ...] = ()
    first_submodule: str | None = None
    unreached: tuple[str, ...] = ()
    not_undone: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """The comparisons that found a difference."""
        return tuple(one for one in self.comparisons if one.differences)

    @property
    def passed(self) -> bool:
        """True where nothing differs and something was compared."""
        return bool(self.comparisons) and not self.failures

    @property
    def ok(self) -> bool:
        """The same as `passed`."""
        return self.passed

    @property
    def largest_difference(self) -> float:
        """The largest difference of two numbers beyond the tolerance; 0.0 where nothing differs."""
        return max((d.largest for one in self.failures for d in one.differences), default=0.0)

    def confirmed_by(self, other: VerificationReport) -> VerificationReport:
        """The report of the same verification done again, with those differences that both found."""
        found = {one.what_was_compared for one in self.failures}
        confirmed = (
            one if one.what_was_compared in found else replace(one, differences=()) for one in other.comparisons
        )
        return replace(other, comparisons=tuple(confirmed))

    def __str__(self) -> str:
        verdict = "is the same" if self.passed else "differs"
        lines = [
            f"{self.class_name} {verdict}: {len(self.comparisons)} comparisons, {len(self.failures)} with differences"
        ]
        lines += [f"  {one}" for one in self.failures]
        if self.first_submodule is not None:
            lines.append(f"  first submodule whose output differs: {self.first_submodule or '(the module itself)'}")
        lines += [f"  not compared: {text}" for text in self.skipped]
        lines += [f"  not tried: {text}" for text in self.unreached]
        return "\n".join([*lines, *(f"  ran, and cannot be undone: {text}" for text in self.not_undone)])

    def as_table(self) -> Table:
        """One line for each comparison, those with differences first, and for what was not compared."""
        ordered = sorted(self.comparisons, key=lambda one: not one.differences)
        cells: list[tuple[str, ...]] = [
            (one.form, one.method, "train" if one.training else "eval", one.inputs, str(one).partition("): ")[2])
            for one in ordered
        ]
        cells += [("", "", "", "not compared", text) for text in self.skipped]
        cells += [("", "", "", "not tried", text) for text in self.unreached]
        title = str(self).splitlines()[0]
        return Table(("form", "method", "mode", "inputs", "what came out"), tuple(cells), title)

    def as_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps(asdict(self) | {"passed": self.passed}, indent=2)
