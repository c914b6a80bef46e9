"""What went wrong on the ways to export a method, in order, until it is known whether one of them leads there."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING

from scriptkit import log
from scriptkit.compiling.exporting import state
from scriptkit.compiling.exporting.assigned_buffers import ExchangedBufferError
from scriptkit.compiling.exporting.refusals import diagnostic, diagnostic_at, is_foreign, traced
from scriptkit.engines.export.raw_errors import quoted
from scriptkit.engines.export.remarks import Place
from scriptkit.errors import ExportError

if TYPE_CHECKING:
    from torch import nn

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.errors import CompilationError

_OTHERWISE = "write the line otherwise, or pass example inputs that do not lead there"


class Refused:
    """The refusals of one method; each way says what it is, and every finding has a line."""

    def __init__(self, module: nn.Module, method: str) -> None:
        self.module = module
        self.method = method
        self.name = type(module).__name__
        self.said: list[str] = []
        self.diagnostics: list[Diagnostic] = []

    def raised(self, route: str, error: Exception) -> None:
        """What torch, or the program, raised."""
        log.export.debug("`%s.%s`: %s", self.name, self.method, traced(error))
        if isinstance(error, ExchangedBufferError):  # it is seen when the method has ended, and no line is being run
            place = state.place_of_write(self.module, error.path, error.name) or self._place()
            found = self._finding(place, str(error), error.way_out)
        else:
            found = diagnostic(error, self.name, self.method, self._place())
        self._add(route, found)

    def whole(self, route: str, message: str, way_out: str) -> None:
        """What is wrong with the whole method."""
        self._add(route, self._finding(self._place(), message, way_out))

    def unforeseen(self, route: str, error: Exception) -> None:
        """A mistake of scriptkit."""
        log.export.debug("`%s.%s`: %s", self.name, self.method, traced(error))
        self.whole(route, f"internal error: {quoted(error)}", "report it, with the class")

    def not_lowered(self, route: str, error: CompilationError) -> None:
        """Everything that lowering says."""
        self._say(f"{route}: {error.headline}")
        self.diagnostics += [replace(found, help=_OTHERWISE) for found in error.diagnostics]

    def error(self) -> ExportError:
        """All of it."""
        listed = "".join(f"\n  {text}" for text in self.said)
        return ExportError(f"{self.name}.{self.method} cannot be exported:{listed}", self.diagnostics)

    def _add(self, route: str, found: Diagnostic) -> None:
        self._say(f"{route}: {found.message}")
        if not found.line or found.message in {one.message for one in self.diagnostics}:
            return
        # what torch.export says of the code as written is no cause where its lowered form says more of the same line
        self.diagnostics = [one for one in self.diagnostics if (one.path, one.line) != (found.path, found.line)]
        self.diagnostics.append(found)

    def _say(self, text: str) -> None:
        if text not in self.said:
            self.said.append(text)

    def _finding(self, place: Place, message: str, way_out: str) -> Diagnostic:
        return diagnostic_at(place, message, way_out, class_name=self.name, method=self.method)

    def _place(self) -> Place:
        """Where the method begins."""
        code = getattr(inspect.unwrap(getattr(self.module, self.method)), "__code__", None)
        if code is None or is_foreign(code.co_filename):
            return Place("", 0)
        return Place(code.co_filename, code.co_firstlineno)
