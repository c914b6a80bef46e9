"""Which findings `scriptkit check` tells: those of changed files, in reached classes, that no baseline knows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from scriptkit.checking import baselines
from scriptkit.checking.fingerprints import relative
from scriptkit.checking.paths import check_text
from scriptkit.checking.reaching import Reach, reached
from scriptkit.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scriptkit.checking.changes import Changes
    from scriptkit.checking.fingerprints import Mark
    from scriptkit.config import Config
    from scriptkit.diagnostics import Diagnostic


@dataclass
class Narrowing:
    """What is asked for, and the remarks that go with it. Its methods raise `ScriptkitError` for what cannot be."""

    settings: Config
    changes: Changes | None = None
    reachable_from: Sequence[str] = ()
    baseline: Path | None = None
    writes: bool = False
    prunes: bool = False

    def files(self, files: list[str]) -> list[str]:
        """The files that are worth checking."""
        return files if self.changes is None else self.changes.of(files)

    def findings(self, found: list[Diagnostic], files: Sequence[str]) -> tuple[list[Diagnostic], list[str]]:
        """The findings to be told, and remarks on the others."""
        if self.reachable_from:
            found = reached(found, Reach(files).classes(self.reachable_from))
        if self.changes is not None:
            found = self.changes.because_of_them(found, self._judged)
        return self._unknown(found, files) if self.baseline is not None else (found, [])

    def _judged(self, text: str, path: str) -> list[Diagnostic]:
        return check_text(text, path, self.settings.selection, all_modules=self.settings.all_modules)

    def _unknown(self, found: list[Diagnostic], files: Sequence[str]) -> tuple[list[Diagnostic], list[str]]:
        """The findings that the baseline does not know; it is written or pruned first, where that is asked for."""
        path = self.baseline
        assert path is not None  # noqa: S101 - the one who calls has looked
        folder = path.resolve().parent
        if self.writes:
            self._write(path, found, files, folder)
        known = baselines.read(path)
        new, gone = baselines.compared(found, known, folder)
        told = [f"{len(found) - len(new)} known"] if len(found) > len(new) else []
        forgotten = known - self._pruned(known, gone, files, folder)
        if forgotten and self.prunes:
            baselines.write(path, known - forgotten)
            told.append(f"{forgotten.total()} no longer found and removed from {path}")
        elif forgotten:
            told.append(f"{forgotten.total()} no longer found (`--prune-baseline` removes them)")
        return new, told

    def _write(self, path: Path, found: list[Diagnostic], files: Sequence[str], folder: Path) -> None:
        """What is found is known from now on; what other files have stays known."""
        old: Counter[Mark] = baselines.read(path) if path.exists() else Counter()
        now = baselines.known_of(found, folder)
        baselines.write(path, self._pruned(old, old, files, folder) + now)
        click.echo(f"{now.total()} finding{'s' * (now.total() != 1)} known from now on, in {path}", err=True)

    def _pruned(self, known: Counter[Mark], gone: Counter[Mark], files: Sequence[str], folder: Path) -> Counter[Mark]:
        """The baseline without what is gone, as far as this run would have found it: by its rules, in its files."""
        selection = self.settings.selection
        others = {rule.name for rule in all_rules() if not selection.includes(rule)}
        looked_for = Counter({mark: count for mark, count in gone.items() if mark.name not in others})
        return baselines.pruned(known, looked_for, folder, {relative(file, folder) for file in files})
