"""The report that GitLab shows in a merge request: the format of Code Quality."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.checking.fingerprints import fingerprints
from scriptkit.cli.reports.report import is_unreadable, path_from_here
from scriptkit.errors import source_text

if TYPE_CHECKING:
    from scriptkit.cli.reports.report import Report
    from scriptkit.diagnostics import Diagnostic


def as_gitlab(report: Report) -> str:
    """A list of objects; GitLab tells new findings from old ones by their fingerprints, which moved lines keep."""
    words = fingerprints(report.shown, Path.cwd(), source_text)
    entries = [_entry(finding, word) for finding, word in zip(report.shown, words, strict=True)]
    return json.dumps(entries, indent=2) + "\n"


def _entry(finding: Diagnostic, word: str) -> dict[str, object]:
    severity = "blocker" if is_unreadable(finding) else {"error": "major", "warning": "minor"}[finding.severity]
    return {
        "description": finding.one_line(),
        "check_name": finding.name,
        "fingerprint": word,
        "severity": severity,
        "location": {
            "path": path_from_here(finding.path),
            "lines": {"begin": finding.line, "end": finding.end_line},
        },
    }
