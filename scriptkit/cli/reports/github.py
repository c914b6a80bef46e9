"""Annotations on the lines of a pull request: workflow commands of GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.cli.reports.report import path_from_here

if TYPE_CHECKING:
    from scriptkit.cli.reports.report import Report


def as_github(report: Report) -> str:
    """One workflow command for each finding."""
    lines = []
    for d in report.shown:
        place = f"line={d.line},endLine={d.end_line},col={d.column},endColumn={d.end_column}"
        file, title = _property(path_from_here(d.path)), _property(f"{d.code} {d.name}")
        lines.append(f"::{d.severity} file={file},{place},title={title}::{_escaped(d.one_line())}\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
