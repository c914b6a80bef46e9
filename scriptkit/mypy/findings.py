"""What the rules find in a file that mypy checks.

The same engine as at every other door. mypy adds one fact: a class whose scriptable base stands in another file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.mypy.texts import source_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ModuleFacts
    from scriptkit.mypy.settings import Settings
    from scriptkit.mypy.texts import Source


class Findings:
    """The findings of files; the last texts judged are remembered, since mypy asks once for each class."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, tuple[object, list[Diagnostic]]] = {}

    def of_file(self, path: str, scriptable: AbstractSet[str]) -> list[Diagnostic]:
        """Every finding in a file, in source order; `scriptable` are qualified names of classes mypy knows to be so."""
        source = source_of(path)
        if source is None or "class " not in source.text:
            return []
        key = (source.text, frozenset(scriptable))
        if self._known.get(path, (None,))[0] != key:
            self._known[path] = key, self._judged(source, path, scriptable)
        return self._known[path][1]

    def _judged(self, source: Source, path: str, scriptable: AbstractSet[str]) -> list[Diagnostic]:
        from scriptkit import language
        from scriptkit.checking.judging import judge_module
        from scriptkit.language.inference import infer_all

        everything = self._settings.config.all_modules
        module = language.read(source.text, path, source.tree)
        _mark(module, scriptable)
        infer_all(module, module.checked_classes(all_modules=everything))
        return judge_module(module, self._settings.selection, all_modules=everything)


def _mark(module: ModuleFacts, scriptable: AbstractSet[str]) -> None:
    for name in scriptable:
        if name in module.classes:
            cls = module.classes[name]
            cls.scriptable, cls.kind = True, "module"
