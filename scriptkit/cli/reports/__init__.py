"""What `scriptkit check` writes: one file for each form, each a function from a report to text.

A form is imported when it is asked for: what some of them need takes longer than checking a small file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.cli.reports.report import Report

_FILES = {
    "text": "plain",
    "concise": "plain",
    "json": "plain",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
    "sarif": "sarif",
}
FORMATS = tuple(_FILES)
FOR_PEOPLE = ("text", "concise")


def written(form: str, report: Report) -> str:
    """The report in one of the forms."""
    file = importlib.import_module(f"{__name__}.{_FILES[form]}")
    write: Callable[[Report], str] = getattr(file, f"as_{form}")
    return write(report)
