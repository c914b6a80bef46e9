"""How much is told, and where: a file, a summary by rule, one line, the first few; and how the command ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from scriptkit.cli import check as check_command
from tests.cli.reports.projects import GOOD, check, project
from tests.cli.test_output import Terminal


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    project(tmp_path)
    (tmp_path / "broken.py").unlink()
    return tmp_path


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "gitlab", "github", "concise"])
def test_a_report_goes_to_a_file_and_the_terminal_gets_the_summary(form: str, folder: Path) -> None:
    printed = check(".", "--format", form).output
    result = check(".", "--format", form, "--output-file", "report")
    assert result.exit_code == 1
    assert result.output == "3 errors, 1 warning, 5 files checked\n"
    assert (folder / "report").read_text() == printed
    assert [path.name for path in folder.iterdir() if "part" in path.name] == []


def test_a_report_that_cannot_be_written_is_a_mistake_of_the_call() -> None:
    result = check(".", "-o", "no/such/folder/report")
    assert result.exit_code == 2
    assert "`no/such/folder/report` cannot be written" in result.output


def test_statistics_count_by_rule_instead_of_telling() -> None:
    result = check(".", "--statistics")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].split() == ["2", "SK502", "lambda-expression", "in", "2", "files"]
    assert lines[-1] == "3 errors, 1 warning, 5 files checked"
    assert "-->" not in result.output


def test_statistics_speak_json() -> None:
    rows = json.loads(check(".", "--statistics", "--format", "json").output)
    assert rows[0] == {"code": "SK502", "name": "lambda-expression", "findings": 2, "files": 2}
    assert sum(row["findings"] for row in rows) == 4


def test_statistics_go_to_the_terminal_beside_a_file_for_a_pipeline(folder: Path) -> None:
    assert check(".", "--statistics", "--format", "sarif").exit_code == 2
    result = check(".", "--statistics", "--format", "sarif", "-o", "report")
    assert result.output.splitlines()[0].split()[1] == "SK502"
    assert json.loads((folder / "report").read_text())["version"] == "2.1.0"


def test_quiet_is_the_last_line() -> None:
    assert check(".", "--quiet").output == "3 errors, 1 warning, 5 files checked\n"
    assert check("good.py", "-q").output == "no problems, 1 file checked\n"
    assert check(".", "--quiet", "--format", "json").output == ""


def test_the_first_findings_are_written_out_and_the_others_counted() -> None:
    result = check(".", "--max-findings", "1")
    assert result.exit_code == 1
    assert result.output.count("-->") == 1
    assert "... and 3 more; by rule:" in result.output
    assert "2  SK502  lambda-expression" in result.output
    assert result.output.endswith("3 errors, 1 warning, 5 files checked\n")


def test_a_report_for_a_pipeline_that_was_cut_says_so_beside_it() -> None:
    result = check(".", "--max-findings", "1", "--format", "json")
    assert len(json.loads(result.stdout)) == 1
    assert "3 more findings are not in the report" in result.stderr
    assert len(json.loads(check(".", "--max-findings", "0", "--format", "json").stdout)) == 4


def test_a_terminal_is_not_flooded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "        x = (lambda t: t)(x)\n"
    many = check_command.MOST_ON_A_TERMINAL + 5
    (folder / "bad.py").write_text(GOOD.replace("        return", line * many + "        return"))
    terminal = Terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", terminal)
    with pytest.raises(SystemExit):
        check_command.command.main(["--all-modules", "bad.py"])
    assert terminal.getvalue().count("-->") == check_command.MOST_ON_A_TERMINAL
    assert "... and 5 more; by rule:" in terminal.getvalue()
    assert check("bad.py").output.count("-->") == many


def test_exit_zero_forgives_findings_and_nothing_else(folder: Path) -> None:
    assert check(".", "--exit-zero").exit_code == 0
    assert "3 errors" in check(".", "--exit-zero").output
    (folder / "broken.py").write_text("def f(:\n")
    assert check(".", "--exit-zero").exit_code == 2


def test_an_empty_folder_is_not_no_problems(folder: Path) -> None:
    (folder / "empty").mkdir()
    result = check("empty")
    assert result.exit_code == 2
    assert "no Python file there: nothing was checked" in result.output
    result = check("empty", "good.py")
    assert result.exit_code == 0
    assert "no Python file in `empty`" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bad.py", "--write-baseline"], "need `--baseline FILE`"),
        (["bad.py", "--show-repairs"], "shows what `--fix` would do"),
        (["-", "--watch"], "leave out what writes"),
        (["bad.py", "--baseline", "b", "--write-baseline", "--diff", "HEAD"], "a baseline is made of all findings"),
        ([], "Missing argument"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_words(arguments: list[str], words: str) -> None:
    result = check(*arguments)
    assert result.exit_code == 2
    assert words in result.output
