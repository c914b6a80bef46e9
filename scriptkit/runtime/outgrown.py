"""A compiled module that changed so that no compiled form of it is right: it runs as Python until it changes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.compile_report import ReportRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn


class Outgrown:
    """For which tree no form was found, and why."""

    def __init__(self, module: nn.Module, reason: str) -> None:
        self.reason = reason
        self._module = module
        self._parts = [*module.modules()]
        self._classes = [*map(type, self._parts)]

    def still_holds(self) -> bool:
        """Whether the tree has the modules it had, of the classes they had."""
        parts = [*self._module.modules()]
        return parts == self._parts and [*map(type, parts)] == self._classes

    def rows(self) -> Iterator[ReportRow]:
        """One row for each submodule."""
        for path, part in self._module.named_modules():
            yield ReportRow(path, type(part).__name__, "eager", "part of the whole" if path else self.reason)
