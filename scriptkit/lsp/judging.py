"""Judge the text of a document: its findings, repairs, and how its classes compile; each once for each version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scriptkit import language
from scriptkit.checking.judging import UNREADABLE_TEXT
from scriptkit.checking.paths import check_text
from scriptkit.fixing import fixed_text, proposals
from scriptkit.language import versions
from scriptkit.lsp.positions import Positions

if TYPE_CHECKING:
    from scriptkit.config import Config
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.fixing import Proposal
    from scriptkit.lsp.settings import Project


@dataclass(frozen=True)
class Judged:
    """One version of a document, and everything that the rules say of it."""

    path: str
    text: str
    project: Project
    findings: list[Diagnostic]
    positions: Positions = field(repr=False)

    @classmethod
    def of(cls, path: str, text: str, project: Project, encoding: str = "utf-16") -> Judged:
        """Judge a text. Never raises: a text that cannot be read, and a failure of ours, are one finding."""
        return cls(path, text, project, _findings(path, text, project), Positions(text, encoding))

    @property
    def settings(self) -> Config:
        """The settings of its project."""
        return self.project.settings

    def again(self, text: str) -> list[Diagnostic]:
        """The findings of another text of the same file."""
        return _findings(self.path, text, self.project)

    def proposals(self, first: int, last: int) -> list[Proposal]:
        """The repairs of problems on these lines that are proved."""
        with versions.judged_for(self.settings.torch):
            return proposals(self.text, range(first, last + 1), all_modules=self.settings.all_modules)

    def repaired(self) -> str:
        """The text after every repair that is proved."""
        with versions.judged_for(self.settings.torch):
            return fixed_text(self.text, all_modules=self.settings.all_modules)

    def modes(self) -> list[tuple[int, str]]:
        """For each module class the line of its statement, and in which mode it compiles, as far as text shows it."""
        try:
            module = language.read(self.text, self.path)
        except UNREADABLE_TEXT:
            return []
        classes = [cls for cls in module.classes.values() if cls.is_module]
        if not classes:
            return []
        with versions.judged_for(self.settings.torch):
            found = check_text(self.text, self.path, self.settings.selection, all_modules=True)
        told = []
        for cls in classes:
            errors = sum(one.severity == "error" and one.class_name == cls.name for one in found)
            told.append((cls.node.lineno, _mode(errors, is_scriptable=cls.scriptable)))
        return told


def _findings(path: str, text: str, project: Project) -> list[Diagnostic]:
    settings, known = project
    with versions.judged_for(settings.torch):
        found = check_text(text, path, settings.selection, all_modules=settings.all_modules)
    return found if known is None else known.unknown(found, lambda _: text)


def _mode(errors: int, *, is_scriptable: bool) -> str:
    count = f"{errors} error{'s' * (errors != 1)}"
    if is_scriptable:
        return f"not scriptable: {count}" if errors else "script: compiled when it is constructed"
    if errors:
        return f"not scriptable ({count}): as a part of another module it is lowered or traced"
    return "script: compiled as a part of a ScriptableModule, or by scriptkit.compile"
