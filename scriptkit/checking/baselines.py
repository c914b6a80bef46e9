"""A baseline: a file of the findings that a project has already, so that a check tells only of new ones.

    scriptkit check src --baseline known.json --write-baseline     # what there is now is known
    scriptkit check src --baseline known.json                      # tells what is not
    scriptkit check src --baseline known.json --prune-baseline     # forgets what is no longer found

A finding is known by its file, rule, class, method, words and the text of its line, each as often as it was found: not
by the number of its line. Where the line was edited and the words are the same, it is still known.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.checking.fingerprints import Mark, marks
from scriptkit.checking.judging import UNREADABLE
from scriptkit.errors import ScriptkitError, source_text
from scriptkit.replacing import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from scriptkit.diagnostics import Diagnostic

VERSION = 1


class BaselineError(ScriptkitError):
    """A baseline that cannot be read or written."""


class Compared(NamedTuple):
    """Findings that a baseline does not know, and what it knows that is no longer found."""

    new: list[Diagnostic]
    gone: Counter[Mark]


@dataclass(frozen=True)
class Known:
    """What the baseline in a folder knows; for doors that see one file after the other."""

    folder: Path
    findings: Counter[Mark]

    @classmethod
    def of(cls, path: Path) -> Known:
        """What a file knows. Raises `BaselineError`."""
        return cls(path.resolve().parent, read(path))

    def unknown(
        self, found: Sequence[Diagnostic], source_of: Callable[[str], str | None] = source_text
    ) -> list[Diagnostic]:
        """The findings of a file that the baseline does not know."""
        return compared(found, self.findings, self.folder, source_of).new


def read(path: Path) -> Counter[Mark]:
    """The findings that a baseline knows, and how often. Raises `BaselineError`."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        version, entries = stored["scriptkit_baseline"], stored["findings"]
        known = Counter({_mark(entry): int(entry.get("count", 1)) for entry in entries})
    except FileNotFoundError:
        raise BaselineError(f"there is no baseline `{path}`; `--write-baseline` writes one") from None
    except OSError as error:
        raise BaselineError(f"the baseline `{path}` cannot be read: {error.strerror or error}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BaselineError(f"`{path}` is no baseline that `--write-baseline` wrote") from None
    if version != VERSION:
        raise BaselineError(f"the baseline `{path}` is of format {version}; this scriptkit reads {VERSION}")
    return known


def write(path: Path, known: Counter[Mark]) -> None:
    """Write a baseline, one line for each finding, in an order that differs only where findings do."""
    entries = ",\n".join(json.dumps(_entry(mark, count)) for mark, count in sorted(known.items()))
    text = f'{{"scriptkit_baseline": {VERSION}, "findings": [\n{entries}\n]}}\n'
    try:
        with replaced(str(path)) as stream:
            stream.write(text.encode())
    except OSError as error:
        raise BaselineError(f"the baseline `{path}` cannot be written: {error.strerror or error}") from None


def known_of(found: Iterable[Diagnostic], folder: Path) -> Counter[Mark]:
    """The findings as a baseline knows them. A file that cannot be read is never known: nothing of it was checked."""
    readable = [finding for finding in found if finding.code != UNREADABLE[0]]
    return Counter(marks(readable, folder, source_text))


def compared(
    found: Sequence[Diagnostic],
    known: Counter[Mark],
    folder: Path,
    source_of: Callable[[str], str | None] = source_text,
) -> Compared:
    """Part findings into those that are known and those that are new."""
    left = Counter(known)
    waiting = []
    for finding, mark in zip(found, marks(found, folder, source_of), strict=True):
        if left[mark] > 0:
            left[mark] -= 1
        else:
            waiting.append((finding, mark))
    edited = _by_words(left)
    new = []
    for finding, mark in waiting:
        same = edited.get(mark.without_source())
        if same:
            left[same.pop()] -= 1
        else:
            new.append(finding)
    return Compared(new, +left)


def _by_words(left: Counter[Mark]) -> dict[Mark, list[Mark]]:
    """What a baseline knows and was not found as it stands there, by all but the text of the line."""
    grouped: dict[Mark, list[Mark]] = {}
    for mark in sorted(left.elements()):
        grouped.setdefault(mark.without_source(), []).append(mark)
    return grouped


def pruned(known: Counter[Mark], gone: Counter[Mark], folder: Path, files: set[str]) -> Counter[Mark]:
    """A baseline less what is no longer found in these files, and in files that are no more."""
    forgotten = {mark: count for mark, count in gone.items() if mark.path in files or not (folder / mark.path).exists()}
    return known - Counter(forgotten)


def _entry(mark: Mark, count: int) -> dict[str, Any]:
    return {**mark._asdict(), **({"count": count} if count > 1 else {})}


def _mark(entry: dict[str, Any]) -> Mark:
    return Mark(*(str(entry[name]) for name in Mark._fields))
