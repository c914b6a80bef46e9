"""What the plan chose for one part, and how its rows tell it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from scriptkit.compile_report import ReportRow
from scriptkit.engines.torchscript.engine import making

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from torch import nn

    from scriptkit.compiling.boundary.flat_call import TracedCall
    from scriptkit.compiling.lowering import LoweredModule
    from scriptkit.live.nested import Structure

Wanted = Literal["script", "lowered", "trace"]
MODES: tuple[Wanted, ...] = ("script", "lowered", "trace")


@dataclass(frozen=True)
class Choice(ABC):
    """One part in its compiled form. `eval_only` is why it holds in evaluation only; empty where it does not."""

    mode: ClassVar[Wanted]

    form: torch.jit.ScriptModule
    rows: list[ReportRow]
    eval_only: str = field(default="", kw_only=True)

    @property
    @abstractmethod
    def programs(self) -> Sequence[LoweredModule]:
        """The lowered programs in it: what each takes for granted has to hold before a call."""

    @property
    @abstractmethod
    def output(self) -> Structure | None:
        """What Python has round the tensors of a result, where that is known."""

    @abstractmethod
    def call(self, args: Sequence[Any], kwargs: dict[str, Any], *, training: bool) -> Any:
        """Run the form as the user calls the part."""

    def rows_from_here(self) -> list[ReportRow]:
        """The rows with paths that begin at the part."""
        top = self.rows[0].path
        return [replace(row, path=row.path.removeprefix(top).removeprefix(".")) for row in self.rows]


@dataclass(frozen=True)
class ScriptChoice(Choice):
    """What TorchScript makes of the source.

    `is_whole`: the source of all parts, as scriptkit compiles it. Not where torch compiles it without scriptkit, nor
    round parts that are compiled by themselves; `programs` are those of such parts that are lowered. `in_no_file` is
    why no file can hold it, where it is for this process only.
    """

    mode = "script"

    programs: Sequence[LoweredModule] = ()
    is_whole: bool = field(default=True, kw_only=True)
    in_no_file: str = field(default="", kw_only=True)

    @property
    def output(self) -> Structure | None:
        """What the first lowered part gives: code round one part mostly hands its result on."""
        return self.programs[0].output if self.programs else None

    def call(self, args: Sequence[Any], kwargs: dict[str, Any], *, training: bool) -> Any:  # noqa: ARG002
        """The form has the training mode of the part already."""
        return self.form(*args, **kwargs)


@dataclass(frozen=True)
class LoweredChoice(Choice):
    """A lowered program. `parts` are submodules that it calls in a compiled form of their own, by path from here."""

    mode = "lowered"

    program: LoweredModule
    parts: Mapping[str, Choice] = field(default_factory=dict, kw_only=True)

    @property
    def programs(self) -> Sequence[LoweredModule]:
        """The one program."""
        return (self.program,)

    @property
    def output(self) -> Structure | None:
        """What the program puts round its tensors."""
        return self.program.output

    def call(self, args: Sequence[Any], kwargs: dict[str, Any], *, training: bool) -> Any:  # noqa: ARG002
        """Its submodules have training modes of their own, which are bound."""
        return self.program.run(*args, **kwargs)


@dataclass(frozen=True)
class TraceChoice(Choice):
    """A recorded call for each training mode: for evaluation, and where it is right for training too."""

    mode = "trace"

    traces: Mapping[bool, TracedCall]

    @property
    def programs(self) -> Sequence[LoweredModule]:
        """None: a trace brings no facts, every attribute counts."""
        return ()

    @property
    def output(self) -> Structure | None:
        """What the example call gave."""
        return next(iter(self.traces.values())).output

    def call(self, args: Sequence[Any], kwargs: dict[str, Any], *, training: bool) -> Any:
        """The trace of the mode the part is in."""
        return self.traces[training](*args, **kwargs)


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
    if mode == "script":
        reason = with_what_stays_python(reason, part)
    rows = {path: ReportRow(path, type(part).__name__, mode, reason, tuple(assumptions))}
    within = f"part of `{path}`" if path else "part of the whole"
    for name, module in part.named_modules():
        inner = joined(path, name)
        rows.setdefault(inner, ReportRow(inner, type(module).__name__, mode, within))
        if children and inner in children:
            rows.update((row.path, row) for row in children[inner].rows)
    return list(rows.values())


def with_what_stays_python(reason: str, part: nn.Module) -> str:
    """A reason with the properties that no compiled code has."""
    names = making.properties_in_python(part)
    left = ", ".join(f"`{name}`" for name in names)
    what = f"{'properties stay' if len(names) > 1 else 'property stays'} Python, in no file: {left}"
    return f"{reason}; {what}" if names else reason


def told(reason: str, assumptions: Sequence[str]) -> str:
    """A reason with what it takes for granted."""
    return f"{reason}; takes for granted: {'; '.join(assumptions)}" if assumptions else reason
