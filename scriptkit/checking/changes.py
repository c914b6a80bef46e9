"""What changed since a revision, by git: files, lines, and the findings that are there because of it.

A finding counts where one of its places lies on a changed line, and where the file did not have it at the revision: a
change often breaks code that stands elsewhere.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.checking.baselines import compared
from scriptkit.checking.fingerprints import marks
from scriptkit.errors import ScriptkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scriptkit.checking.fingerprints import Mark
    from scriptkit.diagnostics import Diagnostic

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_SHORTEST_DIFF = ("-U0", "--no-color", "--no-ext-diff", "--no-textconv")


class RevisionError(ScriptkitError):
    """Git cannot say what changed."""


@dataclass(frozen=True)
class Changes:
    """What changed in the work tree at `root` since a revision: path now -> path then, empty for a new file."""

    root: Path
    revision: str
    before: dict[str, str]

    @classmethod
    def since(cls, revision: str, folder: Path) -> Changes:
        """The changes up to what lies on disk, files that git does not know included. Raises `RevisionError`."""
        root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
        if not _succeeds(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"):
            raise RevisionError(f"`{revision}` names no commit of the repository `{root}`")
        listed = _git(root, "diff", "--name-status", "-z", "-M", "--diff-filter=d", revision, "--").split("\0")
        before: dict[str, str] = dict(_entries(iter(listed)))
        new = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
        return cls(root, revision, before | {path: "" for path in new if path})

    def of(self, files: Iterable[str]) -> list[str]:
        """Those of these files that changed."""
        return [path for path in files if self._name(path) in self.before]

    def because_of_them(
        self, found: Sequence[Diagnostic], judge: Callable[[str, str], list[Diagnostic]]
    ) -> list[Diagnostic]:
        """The findings that are there because of the changes; `judge` gives those of a text and its path."""
        kept: list[Diagnostic] = []
        for path in dict.fromkeys(finding.path for finding in found):
            of_file = [finding for finding in found if finding.path == path]
            lines = self._changed_lines(path)
            new = {id(finding) for finding in compared(of_file, self._known(path, judge), self.root).new}
            kept += [one for one in of_file if lines is None or id(one) in new or not lines.isdisjoint(_lines(one))]
        return kept

    def _name(self, path: str) -> str:
        return Path(os.path.relpath(os.path.realpath(path), os.path.realpath(self.root))).as_posix()

    def _changed_lines(self, path: str) -> set[int] | None:
        """The lines of a file that are not as they were; None for all of a new file."""
        name = self._name(path)
        old = self.before[name]
        if not old:
            return None
        told = _git(self.root, "diff", *_SHORTEST_DIFF, "-M", self.revision, "--", old, name)
        return {
            line
            for start, count in _HUNK.findall(told)
            for line in range(int(start), int(start) + (int(count) if count else 1))
        }

    def _known(self, path: str, judge: Callable[[str, str], list[Diagnostic]]) -> Counter[Mark]:
        """The findings that a file had at the revision, as if they were in a baseline."""
        old = self.before[self._name(path)]
        if not old:
            return Counter()
        text = _git(self.root, "show", f"{self.revision}:{old}")
        return Counter(marks(judge(text, path), self.root, lambda _: text))


def _lines(finding: Diagnostic) -> set[int]:
    labels = (finding.primary, *finding.secondary)
    return {line for label in labels for line in range(label.line, label.end_line + 1)}


def _entries(words: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Path now and path then, from the output of `git diff --name-status -z`."""
    words = iter(words)
    for status in words:
        if status:
            old = next(words)
            new = next(words) if status[0] in "RC" else old
            yield new, "" if status[0] == "A" else old


def _git(folder: Path, *arguments: str) -> str:
    done = _run(folder, *arguments)
    if done.returncode != 0:
        why = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise RevisionError(f"git cannot say what changed: {why}")
    return done.stdout.decode("utf-8", errors="surrogateescape")


def _succeeds(folder: Path, *arguments: str) -> bool:
    return _run(folder, *arguments).returncode == 0


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        command = ["git", "-c", "core.quotepath=off", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - git of the PATH
    except FileNotFoundError:
        raise RevisionError("git is not on the PATH, and only it knows what changed") from None
