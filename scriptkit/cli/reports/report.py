"""What a check found, as every form of it is made from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.checking.judging import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.diagnostics import Diagnostic


@dataclass(frozen=True)
class Report:
    """The findings that are told, in the order of the files, and what else there is to say."""

    found: Sequence[Diagnostic]
    files: Sequence[str]
    most: int | None = None  # how many of the findings are written out
    remarks: Sequence[str] = ()  # of the baseline, of the revision

    @property
    def shown(self) -> Sequence[Diagnostic]:
        """The findings that are written out."""
        return self.found if self.most is None else self.found[: self.most]

    @property
    def left_out(self) -> int:
        """How many findings are not written out."""
        return len(self.found) - len(self.shown)

    def summary(self) -> str:
        """One line: how many of what, in how many files."""
        checked = f"{len(self.files)} file{'s' * (len(self.files) != 1)} checked"
        if not self.found:
            return ", ".join([f"no {'new ' if self.remarks else ''}problems", checked, *self.remarks])
        counts = {level: sum(d.severity == level for d in self.found) for level in ("error", "warning")}
        told = [f"{n} {level}{'s' * (n != 1)}" for level, n in counts.items() if n]
        return ", ".join([*told, checked, *self.remarks])


def is_unreadable(finding: Diagnostic) -> bool:
    """Whether it says that a file could not be read, so that nothing of it was checked."""
    return finding.code == UNREADABLE[0]


def path_from_here(path: str) -> str:
    """A path as pipelines want it: from the folder the command runs in, with `/`, and without `./` before it."""
    if path.startswith("<"):
        return path.strip("<>")
    below = os.path.relpath(path)
    return Path(path).as_posix() if below.startswith("..") else Path(below).as_posix()
