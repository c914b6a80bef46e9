"""What pipelines read: each format says what JSON says, at the same places, and is what its readers take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from tests.cli.reports.projects import BAD, check, project

Finding = tuple[str, int, str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    project(tmp_path)
    return tmp_path


def wanted() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(check(".", "--format", "json").output)
    assert {d["severity"] for d in found} == {"error", "warning"}
    return found


def sarif(*arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(check(*arguments, "--format", "sarif").output)
    return told


@pytest.mark.usefixtures("folder")
def test_sarif_is_what_its_schema_says() -> None:
    """The models of the library are generated from the published schema, and take nothing that is not in it."""
    schema = pytest.importorskip("pydantic_sarif.model", reason="pydantic-sarif carries the schema of SARIF")
    schema.StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(sarif("."))


@pytest.mark.usefixtures("folder")
def test_sarif_has_every_finding_at_its_place() -> None:
    (run,) = sarif(".")["runs"]
    rules = run["tool"]["driver"]["rules"]
    told = []
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        region, rule = place["region"], rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        related = [
            (other["message"]["text"], other["physicalLocation"]["region"]["startLine"])
            for other in result.get("relatedLocations", [])
        ]
        told.append(
            (
                unquote(place["artifactLocation"]["uri"]),
                (region["startLine"], region["startColumn"], region["endLine"], region["endColumn"]),
                *(rule["name"], result["level"], result["message"]["text"].partition(";")[0], related),
            )
        )
    assert told == [
        (
            d["path"],
            (d["line"], d["column"], d["end_line"], d["end_column"]),
            *(d["name"], d["severity"], d["message"], [(label["text"], label["line"]) for label in d["secondary"]]),
        )
        for d in wanted()
        if d["name"] != "unreadable-file"
    ]


@pytest.mark.usefixtures("folder")
def test_sarif_tells_of_a_file_that_cannot_be_read_that_it_was_not_checked() -> None:
    (run,) = sarif(".")["runs"]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert "broken.py" in json.dumps(notification)


def test_sarif_names_a_file_elsewhere_by_its_whole_address(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (run,) = sarif(str(folder / "bad.py"))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bad.py"
    other = tmp_path_factory.mktemp("other") / "bad.py"
    other.write_text(BAD)
    (run,) = sarif(str(other))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": other.as_uri()}


def test_a_finding_keeps_its_fingerprint_when_its_lines_move(folder: Path) -> None:
    def words() -> list[str]:
        return [entry["fingerprint"] for entry in json.loads(check("bad.py", "--format", "gitlab").output)]

    (folder / "bad.py").write_text(BAD.replace("return (lambda t: t)(x)", "x = (lambda t: t)(x)\n" * 2 + "return x"))
    (folder / "bad.py").write_text(BAD + BAD.replace("Bad", "Worse"))
    before = words()
    assert len(set(before)) == len(before) == 2
    (folder / "bad.py").write_text("import os\n\n\n" + (folder / "bad.py").read_text())
    assert words() == before


def test_equal_findings_have_fingerprints_of_their_own(folder: Path) -> None:
    line = "        x = (lambda t: t)(x)\n"
    (folder / "bad.py").write_text(BAD.replace("        return", line + line + "        return"))
    entries = json.loads(check("bad.py", "--format", "gitlab").output)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == 3


@pytest.mark.usefixtures("folder")
def test_gitlab_gets_what_its_code_quality_report_needs() -> None:
    entries = json.loads(check("./.", "--format", "gitlab").output)
    assert [(e["location"]["path"], e["location"]["lines"]["begin"], e["check_name"]) for e in entries] == [
        (d["path"], d["line"], d["name"]) for d in wanted()
    ]
    assert {e["severity"] for e in entries} == {"major", "minor", "blocker"}
    assert all(e["description"] and len(e["fingerprint"]) == 40 for e in entries)


def test_junit_counts_a_case_for_each_finding_and_one_for_each_clean_file(folder: Path) -> None:
    told = check(".", "--format", "junit").output
    suites = ET.fromstring(told)
    found = wanted()
    cases = list(suites.iter("testcase"))
    failed = [case for case in cases if len(case)]
    assert sorted(
        (str(case.get("file")), int(case.get("line", 0)), str(case.get("name")).split()[1]) for case in failed
    ) == sorted((d["path"], d["line"], d["name"]) for d in found)
    assert [case.get("file") for case in cases if not len(case)] == ["good.py"]
    assert suites.get("tests") == str(len(cases))
    assert (suites.get("failures"), suites.get("errors")) == (str(len(found) - 1), "1")
    assert {suite.get("name") for suite in suites} == {path.name for path in folder.glob("*.py")}


def test_junit_can_be_read_whatever_a_file_holds(folder: Path) -> None:
    (folder / "bad.py").write_text(BAD.replace("lambda t: t", 'lambda t: "\x07 ]]> <&> \x1b"'))
    assert ET.fromstring(check("bad.py", "--format", "junit").output) is not None


@pytest.mark.usefixtures("folder")
def test_the_standard_input_is_a_file_of_that_name_everywhere() -> None:
    assert "stdin" in check("-", "--format", "sarif", text=BAD).output
    assert 'name="stdin"' in check("-", "--format", "junit", text=BAD).output
    assert json.loads(check("-", "--format", "gitlab", text=BAD).output)[0]["location"]["path"] == "stdin"
    assert "file=stdin," in check("-", "--format", "github", text=BAD).output


@pytest.mark.usefixtures("folder")
def test_a_line_for_each_finding_is_what_editors_and_grep_read() -> None:
    lines = check(".", "--format", "concise").output.splitlines()
    assert [line.split(":")[:3] for line in lines[:-1]] == [
        [d["path"], str(d["line"]), str(d["column"])] for d in wanted()
    ]
    assert lines[-1].endswith("6 files checked")


def test_github_takes_a_path_that_holds_its_own_signs(folder: Path) -> None:
    (folder / "a,b: c.py").write_text(BAD)
    assert check("a,b: c.py", "--format", "github").output.startswith("::error file=a%2Cb%3A c.py,line=7,")
