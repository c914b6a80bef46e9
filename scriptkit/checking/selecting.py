"""Which rules count, in a project and in each of its files."""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.rules.groups import is_meant, is_named

if TYPE_CHECKING:
    from scriptkit.rules import Rule


@dataclass(frozen=True)
class PerFile:
    """Rules that are left out in some files, by patterns of paths below a folder."""

    folder: str = ""
    patterns: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def ignored(self, path: str) -> tuple[str, ...]:
        """What is left out in the file at this path."""
        if not self.patterns:
            return ()
        below = Path(os.path.relpath(path, self.folder or None)).as_posix()
        return tuple(word for pattern, words in self.patterns if _names(pattern, below) for word in words)


def _names(pattern: str, path: str) -> bool:
    """Whether a pattern names a path: the whole of it, its last part, or a folder above it."""
    pattern = pattern.removeprefix("./").rstrip("/")
    if "/" not in pattern:
        return any(fnmatch.fnmatchcase(part, pattern) for part in path.split("/"))
    # `**/` also stands for no folder at all
    shapes = (pattern, pattern.replace("**/", ""), f"{pattern}/*")
    return any(fnmatch.fnmatchcase(path, shape) for shape in shapes)


@dataclass(frozen=True)
class Selection:
    """Which rules count: names, codes, prefixes of codes (`SK3`), groups (`submodules`), or `ALL`.

    A rule that is off by default must be named, and so must one of an engine that is not among `engines`.
    """

    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    per_file: PerFile = PerFile()
    engines: tuple[str, ...] = ("torchscript",)

    def includes(self, rule: Rule) -> bool:
        """Whether findings of this rule are wanted."""
        of_engine = rule.engine in self.engines
        chosen = any(is_meant(rule, word) if of_engine else is_named(rule, word) for word in self.select)
        return chosen and not any(is_meant(rule, word) for word in self.ignore)

    def of_file(self, path: str) -> Selection:
        """The same, with what is left out in this file."""
        ignored = self.per_file.ignored(path)
        return replace(self, ignore=(*self.ignore, *ignored), per_file=PerFile()) if ignored else self


EVERYTHING = Selection()
