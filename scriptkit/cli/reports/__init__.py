"""What `scriptkit check` writes: one file for each form, each a function from a report to text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.cli.reports.github import as_github
from scriptkit.cli.reports.gitlab import as_gitlab
from scriptkit.cli.reports.junit import as_junit
from scriptkit.cli.reports.plain import as_concise, as_json, as_text
from scriptkit.cli.reports.sarif import as_sarif

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.cli.reports.report import Report

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "concise": as_concise,
    "json": as_json,
    "github": as_github,
    "gitlab": as_gitlab,
    "junit": as_junit,
    "sarif": as_sarif,
}
FOR_PEOPLE = ("text", "concise")
