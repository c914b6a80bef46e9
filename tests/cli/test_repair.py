"""`scriptkit check --fix` and `--diff`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scriptkit.cli import main
from scriptkit.rules.examples import forward, program

BAD = program(forward("return torch.cat([x, x], axis=0)"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a mistake that can be repaired."""
    path = tmp_path / "net.py"
    path.write_text(BAD)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", "--all-modules", *arguments])


def test_fix_repairs_the_file_and_tells_what_is_left(path: Path) -> None:
    result = run("--fix", str(path))
    assert result.exit_code == 0
    assert path.read_text() == BAD.replace("axis", "dim")
    assert f"repaired {path}" in result.output
    assert "no problems, 1 file checked" in result.output


def test_each_finding_that_is_left_says_why(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    body = "f = lambda t: t\nreturn f(x) if mask == None else x"
    path.write_text(program(forward(body, "x: Tensor, mask: Optional[Tensor]")))
    result = run("--fix", str(path))
    assert "mask is None" in path.read_text()
    told = [line for line in result.output.splitlines() if line.startswith("not repaired: ")]
    assert told == [f"not repaired: {path}:9: lambda-expression: the way is yours to choose: see its help"]


def test_a_finding_whose_repair_is_not_certain_says_so(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(program(forward("return x.sum(axs=0)")))
    result = run("--fix", str(path))
    assert f"not repaired: {path}:9: call-unknown-kwarg: its repair is not certain" in result.output


def test_a_second_run_changes_nothing(path: Path) -> None:
    run("--fix", str(path))
    before = path.stat().st_mtime_ns
    assert "repaired" not in run("--fix", str(path)).output
    assert path.stat().st_mtime_ns == before


def test_diff_shows_the_repair_and_writes_nothing(path: Path) -> None:
    result = run("--fix", "--diff", str(path))
    assert result.exit_code == 0
    assert "-        return torch.cat([x, x], axis=0)\n+        return torch.cat([x, x], dim=0)\n" in result.output
    assert path.read_text() == BAD


def test_an_unreadable_file_is_left_and_told(path: Path) -> None:
    path.write_text("def f(:\n")
    assert run("--fix", str(path)).exit_code == 2
    assert path.read_text() == "def f(:\n"


def test_showing_repairs_without_fix_and_fix_of_the_standard_input_are_mistakes(path: Path) -> None:
    assert run("--show-repairs", str(path)).exit_code == 2
    assert run("--fix", "-").exit_code == 2
