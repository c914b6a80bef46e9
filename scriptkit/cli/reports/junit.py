"""The report that test runners write: a suite for each file, a failed case for each finding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from scriptkit.cli.reports.report import is_unreadable, path_from_here
from scriptkit.diagnostics import render
from scriptkit.errors import source_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.cli.reports.report import Report
    from scriptkit.diagnostics import Diagnostic

# what XML 1.0 has no way to write
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Report) -> str:
    """JUnit's XML. A file without findings is one case that passes."""
    of_file: dict[str, list[Diagnostic]] = {("<stdin>" if path == "-" else path): [] for path in report.files}
    for finding in report.shown:
        of_file.setdefault(finding.path, []).append(finding)
    cases = sum(max(1, len(found)) for found in of_file.values())
    head = f'<testsuites name="scriptkit" tests="{cases}" {_counts(report.shown)}>'
    suites = [line for path, found in of_file.items() for line in _suite(path_from_here(path), found)]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>", ""])


def _counts(found: Sequence[Diagnostic]) -> str:
    errors = sum(map(is_unreadable, found))
    return f'failures="{len(found) - errors}" errors="{errors}"'


def _suite(path: str, found: Sequence[Diagnostic]) -> Iterator[str]:
    name = quoteattr(_writable(path))
    yield f'  <testsuite name={name} tests="{max(1, len(found))}" {_counts(found)}>'
    if not found:
        yield f'    <testcase name="scriptkit check" classname={name} file={name}/>'
    for finding in found:
        yield from _case(name, finding)
    yield "  </testsuite>"


def _case(name: str, finding: Diagnostic) -> Iterator[str]:
    outcome = "error" if is_unreadable(finding) else "failure"
    title = quoteattr(f"{finding.code} {finding.name} at {finding.line}:{finding.column}")
    said = quoteattr(_writable(finding.one_line()))
    drawing = escape(_writable(render(finding, source_text(finding.path))))
    yield f'    <testcase name={title} classname={name} file={name} line="{finding.line}">'
    yield f'      <{outcome} type="{finding.severity}" message={said}>{drawing}</{outcome}>'
    yield "    </testcase>"


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
