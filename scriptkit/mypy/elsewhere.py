"""What a class compiles of other files: mypy takes errors for the file that it checks only, so they are told there.

A function or a base class of a file beside it may be right for that file, which mypy has finished by then. The finding
is told at the class that compiles it, with the place in words.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from scriptkit.checking.definitions import read_file
from scriptkit.checking.judging import judge_elsewhere, judge_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.checking.selecting import Selection
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, ModuleFacts

Mark = tuple[int, int, str]


def elsewhere(module: ModuleFacts, selection: Selection, *, all_modules: bool) -> Iterator[Diagnostic]:
    """The findings in other files that these do not have by themselves, each at the class it is for."""

    @cache
    def known(path: str) -> set[Mark]:
        other = read_file(path)
        found = judge_text(other.text, path, selection, all_modules=all_modules) if other is not None else ()
        return {_mark(finding) for finding in found if finding.path == path}

    told: set[tuple[str, Mark]] = set()
    for cls, finding in judge_elsewhere(module, selection, all_modules=all_modules):
        mark = _mark(finding)
        if mark not in known(finding.path) and (finding.path, mark) not in told:
            told.add((finding.path, mark))
            yield _at_class(finding, cls)


def _mark(finding: Diagnostic) -> Mark:
    return finding.line, finding.column, finding.name


def _at_class(finding: Diagnostic, cls: ClassFacts) -> Diagnostic:
    line, column, _, _ = cls.module.span(cls.node)
    return replace(
        finding,
        path=cls.module.path,
        line=line,
        column=column,
        end_line=line,
        end_column=column + len("class"),
        message=f"{finding.message} ({finding.path}:{finding.line})",
        secondary=(),
        class_name=cls.name,
        method="",
    )
