"""`scriptkit check` where there are findings already: baselines, what changed, what a class reaches, watching."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from scriptkit.cli import check as check_command
from tests.cli.reports.projects import BAD, GOOD, check
from tests.packaging.environment import ROOT

TWICE = BAD + BAD.partition("\n\n")[2].replace("Bad", "Worse").replace("t: t", "u: u")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, where the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    return tmp_path


def names(result: Result) -> list[str]:
    """File and class of each finding that is told as JSON."""
    return [f"{d['path']}:{d['class_name']}" for d in json.loads(result.stdout)]


# -- baselines ----------------------------------------------------------------


def with_baseline(*arguments: str) -> Result:
    return check(".", "--baseline", "known.json", *arguments)


def test_what_is_written_to_a_baseline_is_no_longer_told() -> None:
    written = with_baseline("--write-baseline")
    assert written.exit_code == 0
    assert "1 finding known from now on, in known.json" in written.stderr
    result = with_baseline()
    assert result.exit_code == 0
    assert result.output == "no new problems, 2 files checked, 1 known\n"


def test_a_new_finding_is_told_beside_known_ones(folder: Path) -> None:
    with_baseline("--write-baseline")
    (folder / "bad.py").write_text(TWICE)
    result = with_baseline("--format", "json")
    assert result.exit_code == 1
    assert names(result) == ["bad.py:Worse"]


def test_moved_and_indented_lines_stay_known(folder: Path) -> None:
    with_baseline("--write-baseline")
    moved = "import os\n\n\n# words\n" + BAD.replace(
        "        return", "        if x.numel() > 0:\n            return"
    ).replace("(x)\n", "(x)\n        return x\n")
    (folder / "bad.py").write_text(moved)
    assert with_baseline().exit_code == 0


def test_a_finding_on_a_line_that_was_edited_elsewhere_stays_known(folder: Path) -> None:
    with_baseline("--write-baseline")
    (folder / "bad.py").write_text(BAD.replace("(lambda t: t)(x)", "(lambda t: t)(x + 1)  # better"))
    assert with_baseline().exit_code == 0


def test_one_more_of_the_same_is_new(folder: Path) -> None:
    with_baseline("--write-baseline")
    (folder / "bad.py").write_text(BAD.replace("        return", "        x = (lambda t: t)(x)\n        return"))
    result = with_baseline("--format", "json")
    assert [d["line"] for d in json.loads(result.stdout)] == [7]


def test_what_is_no_longer_found_is_told_and_forgotten_on_request(folder: Path) -> None:
    with_baseline("--write-baseline")
    (folder / "bad.py").write_text(GOOD)
    assert "1 no longer found (`--prune-baseline` removes them)" in with_baseline().output
    assert "1 no longer found and removed from known.json" in with_baseline("--prune-baseline").output
    assert json.loads((folder / "known.json").read_text())["findings"] == []
    (folder / "bad.py").write_text(BAD)
    assert with_baseline().exit_code == 1


def test_pruning_and_writing_leave_alone_what_was_not_looked_at(folder: Path) -> None:
    (folder / "other.py").write_text(BAD.replace("Bad", "Other"))
    with_baseline("--write-baseline")
    (folder / "bad.py").write_text(GOOD)
    (folder / "other.py").write_text(GOOD)
    check("good.py", "--baseline", "known.json", "--prune-baseline")
    with_baseline("--prune-baseline", "--select", "submodules")
    assert len(json.loads((folder / "known.json").read_text())["findings"]) == 2
    check("bad.py", "--baseline", "known.json", "--write-baseline")
    assert [e["path"] for e in json.loads((folder / "known.json").read_text())["findings"]] == ["other.py"]


def test_a_file_that_is_gone_is_forgotten(folder: Path) -> None:
    with_baseline("--write-baseline")
    (folder / "bad.py").unlink()
    check("good.py", "--baseline", "known.json", "--prune-baseline")
    assert json.loads((folder / "known.json").read_text())["findings"] == []


def test_a_baseline_means_the_same_from_every_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_baseline("--write-baseline")
    (folder / "inner").mkdir()
    monkeypatch.chdir(folder / "inner")
    assert check("..", "--baseline", "../known.json").exit_code == 0
    assert check(str(folder), "--baseline", str(folder / "known.json")).exit_code == 0


def test_a_file_that_cannot_be_read_is_never_known(folder: Path) -> None:
    (folder / "broken.py").write_text("def f(:\n")
    assert with_baseline("--write-baseline").exit_code == 2
    assert with_baseline().exit_code == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no baseline `known.json`; `--write-baseline` writes one"),
        ("[tool]", "is no baseline"),
        ("[1]", "is no baseline"),
        ('{"scriptkit_baseline": 2, "findings": []}', "is of format 2; this scriptkit reads 1"),
    ],
)
def test_what_is_no_baseline_is_refused_and_not_overwritten(text: str | None, words: str, folder: Path) -> None:
    if text is not None:
        (folder / "known.json").write_text(text)
        assert with_baseline("--write-baseline").exit_code == 2
        assert (folder / "known.json").read_text() == text
    result = with_baseline()
    assert result.exit_code == 2
    assert words in result.output


def test_the_baseline_of_a_project_stands_in_its_settings(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.scriptkit]\nbaseline = "known.json"\n')
    missing = check(".")
    assert missing.exit_code == 2
    assert "there is no baseline `known.json`; `--write-baseline` writes one" in missing.output
    assert "1 finding known from now on, in known.json" in check(".", "--write-baseline").stderr
    assert check(".").output == "no new problems, 2 files checked, 1 known\n"
    (folder / "other.json").write_text('{"scriptkit_baseline": 1, "findings": []}')
    assert check(".", "--baseline", "other.json").exit_code == 1  # the command line wins


def test_a_baseline_in_no_folder_is_refused_in_words(folder: Path) -> None:
    (folder / "taken.json").mkdir()
    assert "cannot be written" in check(".", "--baseline", "none/known.json", "--write-baseline").output
    assert "cannot be read" in check(".", "--baseline", "taken.json").output


# -- what changed -------------------------------------------------------------


def git(*arguments: str) -> None:
    environment = os.environ | {
        f"GIT_{who}_{what}": "nobody@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    subprocess.run(["git", *arguments], check=True, env=environment, capture_output=True)


@pytest.fixture
def committed(folder: Path) -> Path:
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    return folder


@pytest.mark.usefixtures("committed")
def test_nothing_changed_is_nothing_to_tell() -> None:
    result = check(".", "--diff", "HEAD")
    assert result.exit_code == 0
    assert result.output == "no new problems, 0 files checked, changed since HEAD\n"


def test_only_what_changed_is_told(committed: Path) -> None:
    (committed / "bad.py").write_text("import os\n" + TWICE)
    (committed / "new file.py").write_text(BAD.replace("Bad", "New"))
    result = check(".", "--diff", "HEAD", "--format", "json")
    assert result.exit_code == 1
    assert names(result) == ["bad.py:Worse", "new file.py:New"]


def test_an_old_finding_on_a_changed_line_is_told(committed: Path) -> None:
    (committed / "bad.py").write_text(BAD.replace("(x)\n", "(x + 1)\n"))
    assert names(check(".", "--diff", "HEAD", "--format", "json")) == ["bad.py:Bad"]


def test_a_change_that_breaks_another_line_is_told_there(committed: Path) -> None:
    text = (
        GOOD.replace("x + 1", "self.other(x, 1)")
        + "\n    def other(self, x: Tensor, n: int) -> Tensor:\n        return x\n"
    )
    (committed / "good.py").write_text(text)
    git("commit", "-q", "-am", "two")
    (committed / "good.py").write_text(text.replace("n: int", "n: Tensor"))
    (found,) = json.loads(check(".", "--diff", "HEAD", "--format", "json").stdout)
    assert "self.other(x, 1)" in text.splitlines()[found["line"] - 1]
    assert check(".", "--diff", "HEAD~1").exit_code == 1


def test_a_file_that_moved_keeps_what_it_had(committed: Path) -> None:
    git("mv", "bad.py", "moved.py")
    assert check(".", "--diff", "HEAD").exit_code == 0
    (committed / "moved.py").write_text(TWICE)
    assert names(check(".", "--diff", "HEAD", "--format", "json")) == ["moved.py:Worse"]


def test_changes_are_seen_from_a_folder_inside(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (committed / "inner").mkdir()
    (committed / "inner" / "new.py").write_text(BAD)
    (committed / "bad.py").write_text(TWICE)
    monkeypatch.chdir(committed / "inner")
    assert names(check(".", "--diff", "HEAD", "--format", "json")) == ["new.py:Bad"]


@pytest.mark.parametrize(
    ("revision", "words"), [("none", "`none` names no commit"), ("--all", "`--all` names no commit")]
)
@pytest.mark.usefixtures("committed")
def test_a_revision_that_is_none_is_refused(revision: str, words: str) -> None:
    result = check(".", f"--diff={revision}")
    assert result.exit_code == 2
    assert words in result.output


def test_a_folder_that_is_no_repository_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    result = check(".", "--diff", "HEAD")
    assert result.exit_code == 2
    assert "git cannot say what changed: not a git repository" in result.output
    monkeypatch.setenv("PATH", "")
    assert "git is not on the PATH" in check(".", "--diff", "HEAD").output


def test_repairs_can_be_limited_to_what_changed(committed: Path) -> None:
    repairable = GOOD.replace("x + 1", "torch.cat([x, x], axis=0)")
    (committed / "old.py").write_text(repairable)
    git("add", ".")
    git("commit", "-q", "-m", "two")
    (committed / "new.py").write_text(repairable)
    check(".", "--fix", "--diff=HEAD")
    assert ["dim=0" in (committed / name).read_text() for name in ("old.py", "new.py")] == [False, True]


# -- what a class reaches -----------------------------------------------------


@pytest.fixture
def package(folder: Path) -> Path:
    """`net.Net` uses what `layers` hands on from `layers/inner.py`; nobody uses `lonely.py`."""
    (folder / "bad.py").unlink()
    (folder / "layers").mkdir()
    (folder / "layers" / "__init__.py").write_text("from .inner import Block\nfrom .stars import *\n")
    (folder / "layers" / "inner.py").write_text(
        "from . import deep\n" + BAD.replace("Bad", "Block") + "\n    deep: 'deep.Deep'\n\n\n"
        "class Unused(Block):\n    def forward(self, x: Tensor) -> Tensor:\n        return (lambda u: u)(x)\n"
    )
    (folder / "layers" / "deep.py").write_text(
        BAD.replace("Bad", "Base").replace("t: t", "b: b") + "\n\nclass Deep(Base):\n    pass\n"
    )
    (folder / "layers" / "stars.py").write_text(BAD.replace("Bad", "Star"))
    (folder / "lonely.py").write_text(BAD.replace("Bad", "Lonely"))
    (folder / "net.py").write_text(
        "from layers import Block as B, Star\nimport layers.deep as deep\n"
        + GOOD.replace("Good", "Net")
        + "\n\ndef made() -> nn.Module:\n    return B()\n\n\n"
        "class Net2(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.b = made()\n"
        "        self.star = Star()\n\n"
        "    def forward(self, x: Tensor) -> Tensor:\n        return x\n"
    )
    return folder


@pytest.mark.usefixtures("package")
def test_only_what_a_class_reaches_is_told() -> None:
    told = names(check(".", "--reachable-from", "net:Net2", "--format", "json"))
    assert told == ["layers/deep.py:Base", "layers/inner.py:Block", "layers/stars.py:Star"]
    assert names(check("--reachable-from", "net.py:Net", "--format", "json")) == []
    assert names(check("--reachable-from", "net.py:Net", "--reachable-from", "lonely:Lonely", "--format", "json")) == [
        "lonely.py:Lonely"
    ]


def test_what_cannot_be_read_stays_told(package: Path) -> None:
    (package / "layers" / "deep.py").write_text("def f(:\n")
    result = check(".", "--reachable-from", "net:Net2", "--format", "json")
    assert result.exit_code == 2
    assert "layers/deep.py:" in names(result)


@pytest.mark.parametrize(
    ("start", "words"),
    [("net", "is not MODULE:CLASS"), ("net:None_", "none of the files"), ("other:Net", "none of the")],
)
@pytest.mark.usefixtures("package")
def test_a_class_that_is_not_there_is_refused(start: str, words: str) -> None:
    result = check(".", "--reachable-from", start)
    assert result.exit_code == 2
    assert words in result.output


def test_modules_that_hand_each_other_on_end(package: Path) -> None:
    (package / "a.py").write_text("from b import Thing\n")
    (package / "b.py").write_text("from a import Thing\n")
    assert check(".", "--reachable-from", "a:Thing").exit_code == 2


# -- watching -----------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="a signal ends it")
def test_watching_checks_again_what_changes_until_it_is_ended(folder: Path) -> None:
    command = [sys.executable, "-m", "scriptkit", "check", ".", "--all-modules", "--watch", "--format", "concise"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def hears_the_signal() -> None:  # which a shell lets its background jobs ignore, and those pass that on
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "preexec_fn": hears_the_signal}
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None

        def next_round() -> list[str]:
            assert process.stderr is not None
            assert process.stdout is not None
            while "watching" not in (line := process.stderr.readline()):
                if line.startswith("Error"):
                    return [line]
            lines: list[str] = []
            while not lines or "checked" not in lines[-1]:
                lines.append(process.stdout.readline())
            return lines

        assert [line.partition(":")[0] for line in next_round()] == ["bad.py", "1 error, 2 files checked\n"]
        (folder / "good.py").write_text(BAD)
        assert [line.partition(":")[0] for line in next_round()] == ["bad.py", "good.py", "2 errors, 2 files checked\n"]
        (folder / "bad.py").unlink()
        assert next_round()[-1] == "1 error, 1 file checked\n"
        (folder / "pyproject.toml").write_text('[tool.scriptkit]\nignore = ["lambda-expression"]\n')
        (folder / "good.py").write_text(GOOD)
        assert next_round()[-1] == "no problems, 1 file checked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0


def test_each_look_checks_what_changed_and_mistakes_do_not_end_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same in this process: what happens between two looks is written down here."""
    settings = folder / "pyproject.toml"
    settings.write_text("[tool.scriptkit]\n")

    def empty() -> None:
        for path in folder.glob("*.py"):
            path.unlink()

    happenings: Iterator[Callable[[], object]] = iter(
        [
            lambda: (folder / "good.py").write_text(BAD),
            lambda: None,
            lambda: settings.write_text('[tool.scriptkit]\nignore = ["no-such-rule"]\n'),
            lambda: settings.write_text('[tool.scriptkit]\nignore = ["lambda-expression"]\n'),
            empty,
        ]
    )

    def sleep(_: float) -> None:
        happening = next(happenings, None)
        if happening is None:
            raise KeyboardInterrupt
        happening()

    monkeypatch.setattr("scriptkit.cli.watch.time.sleep", sleep)
    check_command.command.main(["--all-modules", "--watch", "--quiet", "."], standalone_mode=False)
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "1 error, 2 files checked",
        "2 errors, 2 files checked",
        "no problems, 2 files checked",
        "no problems, 0 files checked",
    ]
    assert "`no-such-rule` names no rule" in told.err


def test_lines_that_nobody_can_know_are_nothing_to_tell_of(committed: Path) -> None:
    """A path that leads out of the repository is no change in it."""
    outside = committed.parent / "outside.py"
    outside.write_text(BAD)
    assert check(str(outside), "--diff", "HEAD").exit_code == 0
