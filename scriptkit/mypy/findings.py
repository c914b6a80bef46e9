"""What the rules find in a file that mypy checks.

The same engine as at every other door. mypy adds facts: which classes are modules by a base in another file, and what
`oracle` answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mypy.nodes import TypeInfo

from scriptkit.mypy import names
from scriptkit.mypy.texts import source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy.checker import TypeChecker
    from mypy.nodes import MypyFile, SymbolTable

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.mypy.settings import Settings
    from scriptkit.mypy.texts import Source


class _Judged(NamedTuple):
    text: str
    modules: dict[str, bool]
    findings: list[Diagnostic]


class Findings:
    """The findings of files, in source order; remembered, since mypy asks again for each class it looks at again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, _Judged] = {}

    def of_checked(self, file: MypyFile, checker: TypeChecker | None) -> list[Diagnostic]:
        """Every finding in a file that has just been type checked."""
        source = source_of(file.path)
        if source is None or not _may_hold_findings(source.text):
            return []
        modules = dict(_modules(file.names, file.fullname, ""))
        self._known[file.path] = _Judged(source.text, modules, self._judged(source, file, modules, checker))
        return self._known[file.path].findings

    def of_analysed(self, file: MypyFile, *, is_checked_later: bool) -> list[Diagnostic]:
        """Every finding in a file of which mypy looks at a class, perhaps once more; none if it is still to come."""
        source, known = source_of(file.path), self._known.get(file.path)
        if source is None or not _may_hold_findings(source.text):
            return []
        is_same_text = known is not None and known.text == source.text
        if not is_same_text and is_checked_later:
            return []
        if known is not None and is_same_text and known.modules == dict(_modules(file.names, file.fullname, "")):
            return known.findings
        return self.of_checked(file, None)

    def _judged(
        self, source: Source, file: MypyFile, modules: dict[str, bool], checker: TypeChecker | None
    ) -> list[Diagnostic]:
        from scriptkit.language.versions import judged_for

        with judged_for(self._settings.config.torch):
            return self._judged_for(source, file, modules, checker)

    def _judged_for(
        self, source: Source, file: MypyFile, modules: dict[str, bool], checker: TypeChecker | None
    ) -> list[Diagnostic]:
        from scriptkit import language

        everything = self._settings.config.all_modules
        module = language.read(source.text, file.path, source.tree, modules)
        classes = module.checked_classes(all_modules=everything)
        if not classes:
            return []
        from scriptkit.checking.judging import judge_here
        from scriptkit.language.inference.classes import infer_all
        from scriptkit.mypy.elsewhere import elsewhere
        from scriptkit.mypy.oracle import MypyOracle

        infer_all(module, classes, MypyOracle(file, module, checker))
        selection = self._settings.selection
        here = judge_here(module, selection, all_modules=everything)
        found = [*here, *elsewhere(module, selection, all_modules=everything)]
        known = self._settings.known
        return found if known is None else known.unknown(found, lambda _: source.text)


def _may_hold_findings(text: str) -> bool:
    """Whether a text may define a class, or give a function to the compiler: most files of a project do neither."""
    return "class " in text or "script" in text


def _modules(table: SymbolTable, prefix: str, outer: str) -> Iterator[tuple[str, bool]]:
    """The qualified names of the modules that a file defines, and whether they are scriptable."""
    for info in classes(table, prefix):
        if info.fullname != names.SCRIPTABLE_MODULE and info.has_base(names.MODULE):
            yield outer + info.name, info.has_base(names.SCRIPTABLE_MODULE)
        yield from _modules(info.names, info.fullname, f"{outer}{info.name}.")


def classes(table: SymbolTable, prefix: str) -> Iterator[TypeInfo]:
    """The classes that are defined, and not imported, in a file or a class."""
    for symbol in table.values():
        if isinstance(symbol.node, TypeInfo) and symbol.node.fullname == f"{prefix}.{symbol.node.name}":
            yield symbol.node
