"""`scriptkit check` as a command: what it prints, how it exits, what it never imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scriptkit.cli import main

GOOD = """\
from torch import Tensor, nn

class Good(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1
"""
BAD = GOOD.replace("return x + 1", "return (lambda t: t)(x)")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, where the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    return tmp_path


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], input=text)


@pytest.mark.usefixtures("folder")
def test_a_clean_file_exits_with_0_and_says_so() -> None:
    result = run("good.py", "--all-modules")
    assert result.exit_code == 0
    assert result.output == "no problems, 1 file checked\n"


@pytest.mark.usefixtures("folder")
def test_findings_exit_with_1_and_are_drawn_over_the_source() -> None:
    result = run("bad.py", "--all-modules")
    assert result.exit_code == 1
    assert "error[SK502]: `lambda t: t` cannot be compiled" in result.output
    assert "5 |         return (lambda t: t)(x)" in result.output
    assert result.output.endswith("1 error, 1 file checked\n")


@pytest.mark.usefixtures("folder")
def test_without_all_modules_only_scriptable_modules_are_checked() -> None:
    assert run("bad.py").exit_code == 0


def test_a_folder_and_a_glob_mean_their_python_files(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "bad.py").write_text(BAD)
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "bad.py").write_text(BAD)
    assert "2 errors, 3 files checked" in run(".", "--all-modules").output
    assert "1 error, 1 file checked" in run("inner/*.py", "--all-modules").output
    assert "2 errors, 3 files checked" in run("**/*.py", "good.py", "--all-modules").output


def test_the_standard_input_is_checked_as_a_dash() -> None:
    result = run("-", "--all-modules", text=BAD)
    assert result.exit_code == 1
    assert "<stdin>:5:17" in result.output


def test_an_unreadable_file_is_one_finding_exits_with_2_and_the_others_are_checked(folder: Path) -> None:
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "latin.py").write_bytes(b"x = '\xff'\n")
    result = run("broken.py", "latin.py", "missing.py", "bad.py", "--all-modules", "--format", "json")
    assert result.exit_code == 2
    found = json.loads(result.output)
    assert [(d["path"], d["name"]) for d in found] == [
        ("broken.py", "unreadable-file"),
        ("latin.py", "unreadable-file"),
        ("missing.py", "unreadable-file"),
        ("bad.py", "lambda-expression"),
    ]


@pytest.mark.usefixtures("folder")
def test_json_has_every_field_of_a_diagnostic() -> None:
    [finding] = json.loads(run("bad.py", "--all-modules", "--format", "json").output)
    assert finding["code"] == "SK502"
    assert (finding["line"], finding["column"], finding["end_line"], finding["end_column"]) == (5, 17, 5, 28)
    assert set(finding) == {
        *("path", "line", "column", "end_line", "end_column", "code", "name", "severity", "message", "label"),
        *("secondary", "note", "help", "suggestion", "class_name", "method"),
    }


@pytest.mark.usefixtures("folder")
def test_github_gets_one_annotation_for_each_finding() -> None:
    result = run("bad.py", "--all-modules", "--format", "github")
    assert result.output.startswith(
        "::error file=bad.py,line=5,endLine=5,col=17,endColumn=28,title=SK502 lambda-expression::`lambda t: t` cannot",
    )


@pytest.mark.usefixtures("folder")
def test_select_and_ignore_take_names_codes_and_prefixes() -> None:
    assert run("bad.py", "--all-modules", "--select", "walrus").exit_code == 0
    assert run("bad.py", "--all-modules", "--select", "SK5").exit_code == 1
    assert run("bad.py", "--all-modules", "--ignore", "lambda-expression").exit_code == 0
    assert run("bad.py", "--all-modules", "--ignore", "SK502").exit_code == 0


@pytest.mark.usefixtures("folder")
def test_a_mistake_in_the_call_exits_with_2() -> None:
    unknown = run("bad.py", "--select", "no-such-rule")
    assert unknown.exit_code == 2
    assert "`no-such-rule` names no rule" in unknown.output
    assert run().exit_code == 2


def test_the_settings_of_the_project_apply(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.scriptkit]\nall_modules = true\nignore = ["lambda-expression"]\n')
    assert run("bad.py").exit_code == 0
    (folder / "pyproject.toml").write_text("[tool.scriptkit]\nall_modules = true\n")
    assert run("bad.py").exit_code == 1


@pytest.mark.parametrize(
    "settings",
    ["[tool.scriptkit]\nall_moduls = true\n", '[tool.scriptkit]\nselect = ["nothing"]\n', "[tool.scriptkit\n"],
)
def test_a_mistake_in_the_settings_names_the_file_and_exits_with_2(folder: Path, settings: str) -> None:
    (folder / "pyproject.toml").write_text(settings)
    result = run("good.py")
    assert result.exit_code == 2
    assert "pyproject.toml" in result.output


@pytest.mark.usefixtures("folder")
def test_many_files_are_shared_out_over_processes_and_reported_in_order(folder: Path) -> None:
    for i in range(120):
        (folder / f"many{i:03}.py").write_text(BAD)
    program = "import sys; from scriptkit.cli import main; main(['check', '.', '--all-modules', '--format', 'json'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, check=False)
    paths = [d["path"] for d in json.loads(done.stdout)]
    assert paths == sorted(paths)
    assert len(paths) == 121


@pytest.mark.usefixtures("folder")
def test_check_imports_neither_torch_nor_the_checked_file(folder: Path) -> None:
    (folder / "bad.py").write_text(f"{BAD}\nopen('imported', 'w')\n")
    program = (
        "import sys\nfrom scriptkit.cli import main\n"
        "main(['check', 'bad.py', '--all-modules'], standalone_mode=False)\n"
    )
    loaded = "try:\n" + "".join(f"    {line}\n" for line in program.splitlines()[2:]) + "except SystemExit: pass\n"
    script = (
        f"{program.splitlines()[0]}\n{program.splitlines()[1]}\n{loaded}print({{'torch', 'mypy'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
    assert not (folder / "imported").exists()


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_not_there_is_told_so() -> None:
    result = run("missing.py", "good.py")
    assert result.exit_code == 2
    assert "error[SK001]: the file cannot be read: No such file or directory" in result.output
    assert "check the path" in result.output


def test_a_file_that_is_no_python_is_told_at_its_line(folder: Path) -> None:
    (folder / "half.py").write_text("x = 1\ndef f(:\n")
    result = run("half.py")
    assert result.exit_code == 2
    assert "the file cannot be read as Python: invalid syntax" in result.output
    assert "half.py:2:" in result.output


def test_a_file_in_no_encoding_is_told_so(folder: Path) -> None:
    (folder / "odd.py").write_bytes(b"x = '\xff\xfe'\n")
    result = run("odd.py")
    assert result.exit_code == 2
    assert "the file cannot be read as Python" in result.output


def test_a_torch_that_is_not_installed_is_judged_for(folder: Path) -> None:
    (folder / "factor.py").write_text(
        GOOD.replace("x + 1", "torch.cholesky(x)").replace("from", "import torch\nfrom", 1)
    )
    assert run("factor.py", "--all-modules", "--torch", "2.13").exit_code == 0
    newer = run("factor.py", "--all-modules", "--torch", "2.14")
    assert newer.exit_code == 1
    assert "`torch.cholesky`" in newer.output
    (folder / "pyproject.toml").write_text('[tool.scriptkit]\ntorch = "2.15"\nall_modules = true\n')
    assert run("factor.py").exit_code == 1
    assert run("factor.py", "--torch", "2.10").exit_code == 0


def test_a_torch_without_a_table_is_a_mistake_in_the_call(folder: Path) -> None:
    result = run("good.py", "--torch", "3.0")
    assert result.exit_code == 2
    assert "`3.0` is no torch whose language is known; known are 2.8," in result.output
    (folder / "pyproject.toml").write_text('[tool.scriptkit]\ntorch = "3.0"\n')
    result = run("good.py")
    assert result.exit_code == 2
    assert "[tool.scriptkit] torch: `3.0` is no torch whose language is known" in result.output
    (folder / "pyproject.toml").write_text("[tool.scriptkit]\ntorch = 2.10\n")
    assert "[tool.scriptkit] torch: Input should be a valid string" in run("good.py").output
