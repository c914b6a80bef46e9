"""Apply fixes to a text until none is left, and to files without ever leaving half of one."""

from __future__ import annotations

import importlib
import os
import pkgutil
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptkit import language
from scriptkit.checking import check_source
from scriptkit.checking.paths import read_text
from scriptkit.fixing.editing import edited
from scriptkit.fixing.fix import Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.problems.kind import Kind

MOST_ROUNDS = 200


@cache
def all_fixes() -> dict[type[Kind], Fix[Any]]:
    """The fix for each kind of problem that has one."""
    found: dict[type[Kind], Fix[Any]] = {}
    for info in pkgutil.iter_modules([str(Path(__file__).parent)], f"{__package__}."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, type) and issubclass(value, Fix) and value is not Fix:
                fix = value()
                found.update(dict.fromkeys(fix.kinds, fix))
    return found


def fixed_text(text: str, *, all_modules: bool = False) -> str:
    """The text with everything repaired that can be proved; the same text where nothing can."""
    for _ in range(MOST_ROUNDS):
        better = next(_improvements(text, all_modules=all_modules), None)
        if better is None:
            break
        text = better
    return text


def _improvements(text: str, *, all_modules: bool) -> Iterator[str]:
    """Texts with one problem less, and no new one."""
    try:
        module = language.analyze(text, all_modules=all_modules)
    except (SyntaxError, ValueError):
        return
    before = _findings(text, all_modules=all_modules)
    for cls in module.checked_classes(all_modules=all_modules):
        for problem in cls.problems:
            fix = all_fixes().get(type(problem.data))
            edits = fix.edits(cls, problem) if fix is not None else None
            better = edited(text, edits) if edits is not None else None
            if better is not None and better != text and _is_better(before, _findings(better, all_modules=all_modules)):
                yield better


def _findings(text: str, *, all_modules: bool) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """How often each rule is broken in each class, and how often each message is told."""
    found = check_source(text, all_modules=all_modules)
    return Counter((finding.name, finding.class_name) for finding in found), Counter(
        finding.message for finding in found
    )


def _is_better(
    before: tuple[Counter[tuple[str, str]], Counter[str]], after: tuple[Counter[tuple[str, str]], Counter[str]]
) -> bool:
    """Whether something told before is gone, and no rule is broken more often; a repair may uncover the next one."""
    return bool(before[1] - after[1]) and not after[0] - before[0]


def fix_file(path: str, *, all_modules: bool, write: bool = True) -> tuple[str, str]:
    """The text of a file before and after; written in place, whole or not at all. Raises OSError or SyntaxError."""
    text = read_text(path)
    better = fixed_text(text, all_modules=all_modules)
    if write and better != text:
        _replace(Path(path), better)
    return text, better


def _replace(path: Path, text: str) -> None:
    """Write beside the file and rename: a reader sees the old text or the new one."""
    import tokenize

    with path.open("rb") as file:
        encoding, first = tokenize.detect_encoding(file.readline)
    newline = "\r\n" if first and first[0].endswith(b"\r\n") else "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding=encoding, newline=newline) as out:
            out.write(text)
        Path(temporary).chmod(path.stat().st_mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
