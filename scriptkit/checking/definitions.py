"""Where a name that a file imports is defined: in which other file of the same project, also through what hands it on.

Nothing is imported. A file is read once as long as it stays as it is.
"""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scriptkit import language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import ModuleFacts

UNREADABLE_FILES = (OSError, LookupError, SyntaxError, ValueError, RecursionError, MemoryError)
"""What reading a file raises that is not there, is in no known coding, or is no Python."""
_MOST_FOLDERS = 4
"""How far up the folder may lie in which imports of a project begin."""
_INSTALLED = {"site-packages", "dist-packages"}
_NO_PROJECT = {"torch", "builtins", "scriptkit", "typing", "math"}


class Place(NamedTuple):
    """A class or function of a file, by its qualified name."""

    path: str
    name: str


@dataclass
class Definitions:
    """Finds definitions; made for one check, since files may come and go."""

    _files: dict[Path, str | None] = field(default_factory=dict)

    def of(self, module: ModuleFacts, dotted: str) -> Place | None:
        """The class or function of another file that a dotted name of this one means; None where no file shows it."""
        if is_installed(module.path):
            return None  # nobody here can edit it
        return self._of(module, dotted, set())

    def _of(self, module: ModuleFacts, dotted: str, seen: set[tuple[str, str]]) -> Place | None:
        if (module.path, dotted) in seen:  # files that import each other
            return None
        seen.add((module.path, dotted))
        names = [f"{star}{dotted}" for star in _stars(module)] if dotted.isidentifier() else [dotted]
        found = (
            self._in_file(facts, rest, seen)
            for name in names
            for folder, parts in _begins(module.path, name)
            for facts, rest in self._files_of(folder, parts, module.path, is_package=name.startswith("."))
        )
        return next((place for place in found if place is not None), None)

    def _in_file(self, facts: ModuleFacts, name: str, seen: set[tuple[str, str]]) -> Place | None:
        """What a name at the top of a file means."""
        if name in facts.classes or name in facts.functions:
            return Place(facts.path, name)
        first, _, rest = name.partition(".")
        imported = facts.imports.get(first)
        if imported is not None:
            return self._of(facts, f"{imported}.{rest}" if rest else imported, seen)
        return self._of(facts, name, seen) if facts.star_imports else None

    def _files_of(
        self, folder: Path, parts: list[str], by: str, *, is_package: bool
    ) -> Iterator[tuple[ModuleFacts, str]]:
        """The files that the first of these names may mean, the longest way first, each with the names left over.

        With `is_package`, all of them may stand in the package that the folder is.
        """
        for length in range(len(parts) - 1, -1 if is_package else 0, -1):
            path = self._file(folder.joinpath(*parts[:length]))
            facts = read_file(path) if path is not None and Path(path) != Path(by) else None
            if facts is not None:
                yield facts, ".".join(parts[length:])

    def _file(self, module: Path) -> str | None:
        if module not in self._files:
            files = (module / "__init__.py", module.with_name(f"{module.name}.py") if module.name else module)
            self._files[module] = next((str(file) for file in files if file.is_file()), None)
        return self._files[module]


def is_installed(path: str) -> bool:
    """Whether a file is one of an installed package."""
    return not _INSTALLED.isdisjoint(Path(path).parts)


def read_file(path: str) -> ModuleFacts | None:
    """What a file holds, read anew where it has changed; None of one that cannot be read. Not to be written to."""
    try:
        state = Path(path).stat()
        return _read(path, state.st_mtime_ns, state.st_size)
    except UNREADABLE_FILES:
        return None  # the check of that file itself tells


@lru_cache(maxsize=256)
def _read(path: str, _modified: int, _size: int) -> ModuleFacts:
    with tokenize.open(path) as file:
        return language.read(file.read(), path)


def _stars(module: ModuleFacts) -> Iterator[str]:
    """The modules that a file imports everything of, each ready for a name to follow."""
    for node in ast.walk(module.tree) if module.star_imports else ():
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield f"{'.' * node.level}{node.module}." if node.module else "." * node.level


def _begins(path: str, dotted: str) -> Iterator[tuple[Path, list[str]]]:
    """The folders in which a dotted name may begin, as a file imports it, and its parts.

    `..x` stands for `x` of this package (`from . import x`), and begins what `from ..x import y` imports.
    """
    name = dotted.lstrip(".")
    level, parts = len(dotted) - len(name), name.split(".")
    file = Path(path)
    folders = [*file.parents, *(() if file.is_absolute() else Path.cwd().parents)]
    if level:
        yield from ((folders[up - 1], parts) for up in (level, level - 1) if 0 < up <= len(folders))
    elif parts[0] not in _NO_PROJECT:
        yield from ((folder, parts) for folder in folders[:_MOST_FOLDERS])
