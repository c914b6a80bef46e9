"""Findings as mypy's own errors, and what happens when something of ours fails."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from scriptkit.mypy import names
from scriptkit.mypy.codes import code_of
from scriptkit.mypy.example_inputs import unfit_example_inputs
from scriptkit.mypy.exports import untyped_exports
from scriptkit.mypy.findings import Findings, classes

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.checker import TypeChecker
    from mypy.errors import Errors
    from mypy.nodes import MypyFile

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.mypy.misfits import Misfit
    from scriptkit.mypy.settings import Settings

C = TypeVar("C")
R = TypeVar("R")


class Reporter:
    """Tells mypy what the rules find, at most once per place: mypy drops what it is told twice."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._findings = Findings(settings)
        self._misfits: dict[str, tuple[int, list[Misfit]]] = {}
        self.errors: Errors | None = None  # mypy's; known from the first class that has a base, or the first call

    def report_checked(self, file: MypyFile, checker: TypeChecker | None) -> None:
        """Tell the findings of a file that mypy has checked and is about to finish."""
        if self.errors is None and checker is not None:
            self.errors = checker.errors
        self._report(file, lambda: self._findings.of_checked(file, checker))

    def report_analysed(self, file: MypyFile, *, is_checked_later: bool) -> None:
        """Tell them where mypy looks at a class of the file, and may never check the file as a whole."""
        self._report(file, lambda: self._findings.of_analysed(file, is_checked_later=is_checked_later))

    def report_misfits(self, file: MypyFile, checker: TypeChecker | None) -> None:
        """Tell what no rule stands for; only a file that is type checked knows."""
        errors = self.errors
        if errors is None or errors.file != file.path or file.path in errors.ignored_files:
            return
        found = [
            misfit
            for info in classes(file.names, file.fullname)
            if info.has_base(names.MODULE)
            for misfit in (*unfit_example_inputs(info, checker), *untyped_exports(info))
        ]
        self._misfits[file.path] = _modified(file), found
        self.repeat_misfits(file)

    def repeat_misfits(self, file: MypyFile) -> None:
        """Tell them again: the daemon forgets what it was told of a class that it looks at once more."""
        modified, found = self._misfits.get(file.path, (0, []))
        if self.errors is not None and modified == _modified(file):
            for line, column, message, code in found:
                self.errors.report(line, column, message, code=code_of(code))

    def _report(self, file: MypyFile, find: Callable[[], list[Diagnostic]]) -> None:
        """Tell findings; a failure of ours is one note, and mypy goes on."""
        if self.errors is None or self.errors.file != file.path or file.is_stub:
            return
        if file.path in self.errors.ignored_files:
            return
        try:
            if self._settings.error is not None:
                self.errors.report(1, 0, str(self._settings.error), code=code_of("config"), only_once=True)
            for finding in find():
                self._tell(self.errors, finding)
                if _is_hidden(self.errors, finding):
                    self._tell_hidden(self.errors, finding, file)
        except Exception as error:  # noqa: BLE001 - a failure here must not end the user's run
            self.confess(error)

    def guarded(self, hook: Callable[[C], R], fallback: Callable[[C], R]) -> Callable[[C], R]:
        """A hook that gives the fallback where it fails, and says so in a note."""

        def call(ctx: C) -> R:
            try:
                return hook(ctx)
            except Exception as error:  # noqa: BLE001 - a failure here must not end the user's run
                self.confess(error)
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

    @staticmethod
    def _tell_hidden(errors: Errors, finding: Diagnostic, file: MypyFile) -> None:
        """Mypy leaves out what stands on the line of a `# type: ignore` without codes; the compiler does not."""
        info = file.names.get(finding.class_name)
        line = info.node.line if info is not None and info.node is not None else 1
        message = f"a `# type: ignore` without codes hides `{finding.name}` on line {finding.line}; name its codes"
        errors.report(line, 0, message, code=code_of("bare-ignore"))

    def confess(self, error: Exception) -> None:
        """Say in a note that something of ours failed, where mypy listens already."""
        if os.environ.get("SCRIPTKIT_DEBUG"):
            traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        message = f"internal error of scriptkit, {error!r} (in {where.name}, line {where.lineno})"
        if self.errors is not None:
            text = f"{message}  [scriptkit-internal]"
            self.errors.report(1, 0, text, code=code_of("internal"), severity="note", only_once=True)


def _is_hidden(errors: Errors, finding: Diagnostic) -> bool:
    """Whether the line ends in a `# type: ignore` that names no code."""
    ignored = errors.ignored_lines.get(errors.file, {})
    return finding.severity == "error" and ignored.get(finding.line) == []


def _modified(file: MypyFile) -> int:
    path = Path(file.path)
    return path.stat().st_mtime_ns if path.exists() else 0
