"""SARIF 2.1.0, which code scanning and most editors read."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scriptkit.checking.fingerprints import fingerprints
from scriptkit.cli.reports.report import is_unreadable, path_from_here
from scriptkit.errors import source_text
from scriptkit.rules import all_rules
from scriptkit.rules.groups import group_of
from scriptkit.version import __version__

if TYPE_CHECKING:
    from scriptkit.cli.reports.report import Report
    from scriptkit.diagnostics import Diagnostic, Label
    from scriptkit.rules import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(report: Report) -> str:
    """One run: every rule that found something, and a result for each finding; unreadable files are notifications."""
    told = [finding for finding in report.shown if not is_unreadable(finding)]
    unread = [finding for finding in report.shown if is_unreadable(finding)]
    names = {finding.name for finding in told}
    rules = [rule for rule in all_rules() if rule.name in names]
    words = fingerprints(told, Path.cwd(), source_text)
    positions = {rule.name: number for number, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "scriptkit", "version": __version__, "rules": list(map(_rule, rules))}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not unread, "toolExecutionNotifications": list(map(_notification, unread))}
        ],
        "results": [_result(f, word, positions) for f, word in zip(told, words, strict=True)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    text = inspect.getdoc(rule) or rule.name
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": text.partition("\n")[0]},
        "fullDescription": {"text": text},
        "help": {"text": f"`scriptkit explain {rule.name}` shows an example, and what to write instead"},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [group_of(rule).name]},
    }


def _result(finding: Diagnostic, word: str, positions: dict[str, int]) -> dict[str, Any]:
    known = {"ruleIndex": positions[finding.name]} if finding.name in positions else {}
    result = {
        "ruleId": finding.code,
        **known,
        "level": finding.severity,
        "message": {"text": _message(finding)},
        "locations": [_location(finding.path, finding.primary) | _logical(finding)],
        "partialFingerprints": {"scriptkit/v1": word},
    }
    if finding.secondary:
        result["relatedLocations"] = [
            {"id": number, **_location(finding.path, label)} for number, label in enumerate(finding.secondary, 1)
        ]
    return result


def _message(finding: Diagnostic) -> str:
    more = [finding.note, finding.suggestion]
    return "\n".join([finding.one_line(), *filter(None, more)])


def _location(path: str, label: Label) -> dict[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": _artifact(path),
            "region": {
                "startLine": label.line,
                "startColumn": label.column,
                "endLine": label.end_line,
                "endColumn": label.end_column,
            },
        }
    }
    return place | ({"message": {"text": label.text}} if label.text else {})


def _artifact(path: str) -> dict[str, str]:
    """A path from here, or the whole address of a file elsewhere."""
    shown = path_from_here(path)
    if Path(shown).is_absolute() or shown.startswith(".."):
        return {"uri": Path(path).resolve().as_uri()}
    return {"uri": quote(shown), "uriBaseId": "%SRCROOT%"}


def _logical(finding: Diagnostic) -> dict[str, Any]:
    name = ".".join(filter(None, (finding.class_name, finding.method)))
    return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "function"}]} if finding.method else {}


def _notification(finding: Diagnostic) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": finding.one_line()},
        "locations": [_location(finding.path, finding.primary)],
        "descriptor": {"id": finding.code},
    }
