"""The exceptions and warnings of scriptkit, each carrying the diagnostics or the report it speaks of."""

from __future__ import annotations

import linecache
from typing import TYPE_CHECKING

from scriptkit.diagnostics import Diagnostic, render_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ScriptkitError(Exception):
    """Base of every error scriptkit raises on purpose."""


class UnsupportedError(ScriptkitError, ImportError):
    """This Python or this torch cannot compile models; the text says what to install."""


class _WithDiagnostics(ScriptkitError):
    """An error that is a list of diagnostics; its text draws all of them over the source."""

    def __init__(self, headline: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(headline)
        self._headline = headline
        self._diagnostics = list(diagnostics)

    @property
    def headline(self) -> str:
        """The first line, without the diagnostics."""
        return self._headline

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Everything that stands in the way, in source order."""
        return self._diagnostics

    def first_diagnostic(self) -> Diagnostic | None:
        """One of the diagnostics, whichever costs nothing to find."""
        return self.diagnostics[0] if self.diagnostics else None

    def __str__(self) -> str:
        drawn = render_all(self.diagnostics, source_text)
        return f"{self.headline}\n\n{drawn}" if drawn else self.headline


class ScriptabilityError(_WithDiagnostics):
    """A class breaks rules of the compiler; raised by the class statement, before anything runs."""


class CompilationError(_WithDiagnostics):
    """The compiler refused a module; one diagnostic per failing method, in source order.

    The compiler itself stops at the first error. `explain` looks for the others when somebody reads them: most refusals
    of foreign modules are never read, since another form of the module is chosen.
    """

    def __init__(
        self,
        headline: str,
        diagnostics: Sequence[Diagnostic] = (),
        *,
        explain: Callable[[], CompilationError] | None = None,
    ) -> None:
        super().__init__(headline, diagnostics)
        self._explain = explain

    @property
    def headline(self) -> str:
        """The first line, without the diagnostics."""
        self._look_for_the_others()
        return self._headline

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Everything that stands in the way, in source order."""
        self._look_for_the_others()
        return self._diagnostics

    def first_diagnostic(self) -> Diagnostic | None:
        """The first error the compiler met."""
        return self._diagnostics[0] if self._diagnostics else None

    def _look_for_the_others(self) -> None:
        explain, self._explain = self._explain, None
        if explain is not None:
            explained = explain()
            self._headline, self._diagnostics = explained.headline, explained.diagnostics

    def __reduce__(self) -> tuple[type[CompilationError], tuple[str, list[Diagnostic]]]:
        return type(self), (self.headline, self.diagnostics)


class TraceHazardError(_WithDiagnostics):
    """A trace would bake in a value that depends on the inputs."""


class ExportError(_WithDiagnostics):
    """A module cannot become a verified program of `torch.export`, or a call of one was not what it takes.

    `refuses_call` is true for the latter.
    """

    refuses_call = False


class VerificationError(ScriptkitError):
    """Compiled and eager results differ; `report` says where and by how much."""

    def __init__(self, headline: str, report: object = None) -> None:
        super().__init__(headline)
        self.report = report


class OtherCallError(ScriptkitError, ValueError):
    """A traced or lowered module was made for other arguments than those of this call, and refuses it."""


class NotLoweredError(OtherCallError, RuntimeError):
    """A lowered module came to code that was left out when it was made: compiled code knows `RuntimeError` only."""


class ArtifactError(ScriptkitError):
    """A model file cannot be written, is damaged, or is not trusted."""


class ScriptkitWarning(UserWarning):
    """Base of every warning scriptkit issues."""


class ScriptkitEagerWarning(ScriptkitWarning):
    """A call ran the Python code of a module, because its compiled form cannot represent that call."""


def source_text(path: str) -> str | None:
    """The text of a file or notebook cell as Python knows it, or None; also where its coding line names no coding."""
    try:
        return "".join(linecache.getlines(path)) or None
    except (LookupError, ValueError, MemoryError):
        return None
