"""Findings in the words of the protocol: diagnostics, hovers, code lenses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from scriptkit.checking.explaining import as_markdown
from scriptkit.lsp.pages import address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.config import ConfigError
    from scriptkit.diagnostics import Diagnostic, Label
    from scriptkit.lsp.judging import Judged

SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}


def diagnostics(judged: Judged, uri: str) -> list[types.Diagnostic]:
    """Every finding of a document."""
    return [diagnostic(judged, finding, uri) for finding in judged.findings]


def diagnostic(judged: Judged, finding: Diagnostic, uri: str) -> types.Diagnostic:
    """A finding: its words are the message, its labels and its note are related information."""
    page = address(finding.name)
    return types.Diagnostic(
        range=range_of(judged, finding.primary),
        severity=SEVERITIES[finding.severity],
        code=finding.name,
        code_description=types.CodeDescription(page) if page else None,
        source="scriptkit",
        message=finding.one_line(),
        related_information=[
            types.DiagnosticRelatedInformation(types.Location(uri, range_of(judged, label)), label.text)
            for label in _related(finding)
        ],
        data={"code": finding.code, "name": finding.name},
    )


def _related(finding: Diagnostic) -> Iterator[Label]:
    if finding.label:
        yield finding.primary
    yield from finding.secondary
    if finding.note:
        yield replace(finding.primary, text=f"note: {finding.note}")


def range_of(judged: Judged, label: Label) -> types.Range:
    """Where a label stands."""
    return judged.positions.range(label.line, label.column, label.end_line, label.end_column)


def of_settings(error: ConfigError) -> types.Diagnostic:
    """What is wrong with the settings, in their file."""
    start = types.Position(error.line - 1, error.column - 1)
    end = types.Position(error.line - 1, error.column)
    return types.Diagnostic(
        range=types.Range(start, end),
        severity=types.DiagnosticSeverity.Error,
        code="config",
        source="scriptkit",
        message=str(error).partition(f":{error.column}: ")[2],
    )


def at(judged: Judged, position: types.Position) -> list[Diagnostic]:
    """The findings whose place or labels hold this position."""
    place = judged.positions.place(position)
    return [
        finding
        for finding in judged.findings
        if any(
            (label.line, label.column) <= place <= (label.end_line, label.end_column)
            for label in (finding.primary, *finding.secondary)
        )
    ]


def hover(judged: Judged, position: types.Position) -> types.Hover | None:
    """The findings at a position, each with the page of its rule."""
    found = at(judged, position)
    if not found:
        return None
    text = "\n\n---\n\n".join("\n\n".join(_paragraphs(finding)) for finding in found)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), range_of(judged, found[0].primary))


def _paragraphs(finding: Diagnostic) -> Iterator[str]:
    yield f"**{finding.severity}[{finding.code}]**: {finding.message}"
    if finding.note:
        yield f"note: {finding.note}"
    if finding.help:
        yield f"help: {finding.help}"
    if finding.suggestion:
        yield f"```python\n{finding.suggestion}\n```"
    yield as_markdown(finding.name)


def lenses(judged: Judged) -> list[types.CodeLens]:
    """In which mode each class compiles, above its statement."""
    return [
        types.CodeLens(judged.positions.range(line, 1, line, 1), types.Command(title, ""))
        for line, title in judged.modes()
    ]
