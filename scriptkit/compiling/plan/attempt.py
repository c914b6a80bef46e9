"""One part while ways to compile it are tried, and what spoke against each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scriptkit.compiling.plan.acceptance import headline
from scriptkit.diagnostics import in_source_order
from scriptkit.errors import CompilationError, TraceHazardError

if TYPE_CHECKING:
    from torch import nn

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.errors import ScriptkitError
    from scriptkit.live.marks import Mark

Refusal = CompilationError | TraceHazardError


@dataclass
class Attempt:
    """One part. `wanted` is what was asked for it; `refusals` are the ways that failed, in the order tried."""

    path: str
    part: nn.Module
    wanted: Mark | None
    refusals: dict[str, Refusal] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def is_open(self, mode: str) -> bool:
        """Whether nothing else was asked for."""
        return self.wanted is None or self.wanted.mode == mode

    def why_not_scripted(self) -> list[str]:
        """The reason for which it is not what its source scripts to, where that was tried."""
        return [reason for way, reason in self.reasons.items() if way == "script"]

    def with_reasons(self, error: Refusal) -> Refusal:
        """The refusal of the last resort, with what stood in the way of the better forms."""
        kind = TraceHazardError if isinstance(error, TraceHazardError) else CompilationError
        better = [refusal for way, refusal in self.refusals.items() if way in {"script", "lowered"}]
        found: set[Diagnostic] = {diagnostic for refusal in better for diagnostic in refusal.diagnostics}
        message = f"{error.headline}; the module {', '.join(self.reasons.values())}"
        return kind(message, error.diagnostics or in_source_order(found))


def does_not_script(refusal: ScriptkitError) -> str:
    """The reason for every form but TorchScript made from the source."""
    return f"does not script ({headline(refusal)})"
