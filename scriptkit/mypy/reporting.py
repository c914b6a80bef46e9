"""Findings as mypy's own errors, and what happens when something of ours fails."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mypy.nodes import TypeInfo

from scriptkit.mypy import names
from scriptkit.mypy.codes import code_of
from scriptkit.mypy.example_inputs import Misfit, misfits
from scriptkit.mypy.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy.errors import Errors
    from mypy.nodes import MypyFile, SymbolTable

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.mypy.settings import Settings

C = TypeVar("C")
R = TypeVar("R")


class Reporter:
    """Tells mypy what the rules find, at most once per place: mypy drops what it is told twice."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._findings = Findings(settings)
        self._misfits: dict[str, tuple[int, list[Misfit]]] = {}
        self.errors: Errors | None = None  # mypy's; known from the first class that has a base

    def report_file(self, file: MypyFile) -> None:
        """Tell the findings of a file that mypy is about to finish."""
        if self.errors is None or self.errors.file != file.path or file.is_stub:
            return
        if file.path not in self.errors.ignored_files:
            self.report(file, set(_scriptable_in(file.names, file.fullname, "")))

    def report_misfits(self, file: MypyFile) -> None:
        """Tell which `example_inputs` do not fit; only a file that is type checked knows."""
        errors = self.errors
        if errors is None or errors.file != file.path or file.path in errors.ignored_files:
            return
        found = [
            misfit
            for info in _classes(file.names, file.fullname)
            if info.has_base(names.MODULE)
            for misfit in misfits(info)
        ]
        self._misfits[file.path] = _modified(file), found
        self.repeat_misfits(file)

    def repeat_misfits(self, file: MypyFile) -> None:
        """Tell them again: the daemon forgets what it was told of a class that it looks at once more."""
        modified, found = self._misfits.get(file.path, (0, []))
        if self.errors is not None and modified == _modified(file):
            for line, column, message in found:
                self.errors.report(line, column, message, code=code_of("example-inputs"))

    def report(self, file: MypyFile, scriptable: set[str]) -> None:
        """Tell the findings of a file; a failure of ours is one note, and mypy goes on."""
        if self.errors is None:
            return
        try:
            if self._settings.error is not None:
                self.errors.report(1, 0, str(self._settings.error), code=code_of("config"), only_once=True)
            for finding in self._findings.of_file(file.path, scriptable):
                self._tell(self.errors, finding)
        except Exception as error:  # noqa: BLE001 - a failure here must not end the user's run
            self._confess(self.errors, error)

    def guarded(self, hook: Callable[[C], R], fallback: Callable[[C], R]) -> Callable[[C], R]:
        """A hook that gives the fallback where it fails, and says so in a note."""

        def call(ctx: C) -> R:
            try:
                return hook(ctx)
            except Exception as error:  # noqa: BLE001 - a failure here must not end the user's run
                if self.errors is not None:
                    self._confess(self.errors, error)
                return fallback(ctx)

        return call

    def _tell(self, errors: Errors, finding: Diagnostic) -> None:
        code, text = code_of(finding.name), finding.one_line()
        is_error = finding.severity == "error"
        errors.report(
            finding.line,
            finding.column - 1,
            text if is_error else f"{text}  [{code.code}]",  # mypy shows no codes of notes
            code=code,
            severity="error" if is_error else "note",
            end_line=finding.end_line,
            end_column=finding.end_column - 1,
        )

    def _confess(self, errors: Errors, error: Exception) -> None:
        if os.environ.get("SCRIPTKIT_DEBUG"):
            traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        message = f"internal error of scriptkit, {error!r} (in {where.name}, line {where.lineno})"
        errors.report(1, 0, f"{message}  [scriptkit-internal]", code=code_of("internal"), severity="note")


def _modified(file: MypyFile) -> int:
    path = Path(file.path)
    return path.stat().st_mtime_ns if path.exists() else 0


def _scriptable_in(table: SymbolTable, prefix: str, outer: str) -> Iterator[str]:
    for info in _classes(table, prefix):
        if info.fullname != names.SCRIPTABLE_MODULE and info.has_base(names.SCRIPTABLE_MODULE):
            yield outer + info.name
        yield from _scriptable_in(info.names, info.fullname, f"{outer}{info.name}.")


def _classes(table: SymbolTable, prefix: str) -> Iterator[TypeInfo]:
    for symbol in table.values():
        if isinstance(symbol.node, TypeInfo) and symbol.node.fullname == f"{prefix}.{symbol.node.name}":
            yield symbol.node
