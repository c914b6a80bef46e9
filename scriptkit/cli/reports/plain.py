"""For people: drawings over the source, or a line for each finding. For programs: the fields of each, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.diagnostics import as_json as json_of
from scriptkit.diagnostics import render
from scriptkit.errors import source_text

if TYPE_CHECKING:
    from scriptkit.cli.reports.report import Report


def as_text(report: Report) -> str:
    """Every finding drawn over its source, and one line that sums up."""
    drawings = [render(finding, source_text(finding.path)) + "\n\n" for finding in report.shown]
    return "".join([*drawings, *_rest(report), report.summary(), "\n"])


def as_concise(report: Report) -> str:
    """`path:line:column: error[SK502]: message; help`, as editors and `grep` read it."""
    lines = [f"{d.path}:{d.line}:{d.column}: {d.severity}[{d.code}]: {d.one_line()} ({d.name})\n" for d in report.shown]
    return "".join([*lines, *_rest(report), report.summary(), "\n"])


def _rest(report: Report) -> list[str]:
    if not report.left_out:
        return []
    return [f"... and {report.left_out} more; by rule:\n\n", by_rule(report), "\n"]


def as_json(report: Report) -> str:
    """A list of objects with the fields of `Diagnostic`."""
    return json_of(report.shown) + "\n"


def by_rule(report: Report) -> str:
    """How often each rule finds something, and in how many files, the most frequent first."""
    rows = statistics(report)
    width = max((len(str(row["findings"])) for row in rows), default=0)
    name = max((len(str(row["name"])) for row in rows), default=0)
    return "".join(
        f"{row['findings']:>{width}}  {row['code']}  {row['name']:{name}}  in {row['files']} "
        f"file{'s' * (row['files'] != 1)}\n"
        for row in rows
    )


def statistics(report: Report) -> list[dict[str, object]]:
    """The same as data."""
    rules: dict[tuple[str, str], list[str]] = {}
    for finding in report.found:
        rules.setdefault((finding.code, finding.name), []).append(finding.path)
    rows = sorted(rules.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        {"code": code, "name": name, "findings": len(paths), "files": len(set(paths))} for (code, name), paths in rows
    ]
