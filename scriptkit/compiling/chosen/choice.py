"""What the plan chose for one part, and how its rows tell it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from scriptkit.compile_report import ReportRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from torch import nn

    from scriptkit.compiling.boundary.flat_call import TracedCall
    from scriptkit.compiling.lowering import LoweredModule

Wanted = Literal["script", "lowered", "trace"]
MODES: tuple[Wanted, ...] = ("script", "lowered", "trace")


@dataclass
class Choice:
    """One part in its compiled form; a trace has a call for each training mode it was recorded in.

    `lowered` are the lowered programs in it: what each takes for granted has to be checked before a call. `parts` are
    submodules that a lowered program calls in a compiled form of their own, by path from here. `in_no_file` is why no
    file can hold it, where it is for this process only.
    """

    mode: Wanted
    form: torch.jit.ScriptModule
    rows: list[ReportRow]
    traces: dict[bool, TracedCall] = field(default_factory=dict)
    eval_only: str = ""
    in_no_file: str = ""
    is_mixed: bool = False
    lowered: list[LoweredModule] = field(default_factory=list)
    parts: dict[str, Choice] = field(default_factory=dict)

    def rows_from_here(self) -> list[ReportRow]:
        """The rows with paths that begin at the part."""
        top = self.rows[0].path
        return [replace(row, path=row.path.removeprefix(top).removeprefix(".")) for row in self.rows]


def joined(path: str, name: str) -> str:
    """The path of something in a part."""
    return ".".join(word for word in (path, name) if word)


def below(path: str, inner: str) -> str:
    """A path inside of a part, from the part."""
    return inner.removeprefix(f"{path}.") if path else inner


def rows_of(
    path: str,
    part: nn.Module,
    mode: Wanted,
    reason: str,
    children: Mapping[str, Choice] | None = None,
    *,
    assumptions: Sequence[str] = (),
) -> list[ReportRow]:
    """One row for each submodule; parts compiled on their own bring theirs."""
    rows = {path: ReportRow(path, type(part).__name__, mode, reason, tuple(assumptions))}
    within = f"part of `{path}`" if path else "part of the whole"
    for name, module in part.named_modules():
        inner = joined(path, name)
        rows.setdefault(inner, ReportRow(inner, type(module).__name__, mode, within))
        if children and inner in children:
            rows.update((row.path, row) for row in children[inner].rows)
    return list(rows.values())


def told(reason: str, assumptions: Sequence[str]) -> str:
    """A reason with what it takes for granted."""
    return f"{reason}; takes for granted: {'; '.join(assumptions)}" if assumptions else reason
