"""What people expect of a command: help in whole sentences, completion, what may be meant by a mistyped word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scriptkit.checking.nearness import near_path
from scriptkit.cli import COMMANDS, main
from scriptkit.cli.completion import RULE
from scriptkit.rules import all_rules
from scriptkit.version import __version__
from tests.packaging.environment import ROOT


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}


def test_help_tells_each_command_in_a_whole_sentence() -> None:
    told = " ".join(run("-h").output.split())
    assert "..." not in told.partition("Commands:")[2]
    assert told == " ".join(run("--help").output.split())
    for name in COMMANDS:
        command = main.get_command(main.make_context("scriptkit", ["rules"]), name)
        assert command is not None
        assert command.help is not None
        sentence = " ".join(command.help.partition("\n\n")[0].split()).partition(". ")[0]
        assert sentence.rstrip(".") in told, name


def test_every_command_has_the_short_option_for_help() -> None:
    for name in COMMANDS:
        result = run(name, "-h")
        assert result.exit_code == 0
        assert f"scriptkit {name}" in result.output.replace("main ", "scriptkit ")


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").output == f"scriptkit, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek"], "there is no command `chek`; near it: check"),
        (["qqqq"], "there is no command `qqqq`; `scriptkit --help` lists them"),
        (["check", ".", "--fromat", "json"], "--format"),
        (["check", ".", "--select", "lamda-expression"], "near it: lambda-expression"),
        (["check", ".", "--ignore", "submoduls"], "near it: submodules"),
        (["explain", "lamda-expression"], "near it: lambda-expression"),
        (["compile", "modle.py:Net", "-o", "x.pt"], "there is no file `modle.py`; near it: `model.py`"),
        (["compile", "model.py:Nett", "-o", "x.pt"], "`model.py` has no `Nett`; near it: `Net`"),
        (["verify", "model.ptt", "--against", "model.py:Net"], "there is no file `model.ptt`; near it: `model.pt`"),
        (["verify", "qqqq", "--against", "model.py:Net"], "there is no file `qqqq`\n"),
        (["verify", "folder", "--against", "model.py:Net"], "is a directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_word_that_means_nothing_is_told_with_what_is_near_it(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text("from torch import nn\n\n\nclass Net(nn.Module):\n    pass\n")
    (tmp_path / "model.pt").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_a_path_to_nowhere_is_told_with_what_is_near_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package" / "models").mkdir(parents=True)
    (tmp_path / "package" / "models" / "net.py").write_text("")
    paths = ("pakage/model/net.py", "package/qqq.py", "/no/such/file.py", "package/models/net.py/deeper")
    told = run("check", *paths).output
    assert "check the path; near it: `package/models/net.py`" in told
    assert told.count("near it") == 1
    assert told.count("check the path, and who may read it") >= 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_one(shell: str, tmp_path: Path) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_SCRIPTKIT_COMPLETE" in result.output
    if shutil.which(shell) is not None:
        (tmp_path / "script").write_text(result.output)
        subprocess.run([shell, "-n", "script"], cwd=tmp_path, check=True)


def completed(line: str, shell: str = "bash") -> list[str]:
    """What a shell is told when this line is completed at its end."""
    words = line.split(" ")
    given = {"_SCRIPTKIT_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(["scriptkit"], env=environment() | given, capture_output=True, text=True, check=True)
    return re.findall(r"^plain,(\S+)", done.stdout, re.MULTILINE)


def test_commands_options_and_rules_are_completed() -> None:
    assert completed("scriptkit che") == ["check"]
    assert "--max-findings" in completed("scriptkit check --m")
    assert completed("scriptkit check --format sa") == ["sarif"]
    assert completed("scriptkit explain walr") == ["walrus"]
    assert "submodules" in completed("scriptkit check --select sub")
    assert len(completed("scriptkit check --ignore SK")) == len(all_rules())


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_by_the_script() -> None:
    program = (
        "source <(scriptkit completion bash); COMP_WORDS=(scriptkit check --form); COMP_CWORD=2; "
        '_scriptkit_completion scriptkit; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", program], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "--format\n"


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
def test_fish_completes_by_the_script() -> None:
    program = 'scriptkit completion fish | source; complete --do-complete "scriptkit explain walr"'
    done = subprocess.run(["fish", "-c", program], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "walrus"


def test_rules_are_completed_by_name_by_group_and_by_code() -> None:
    context = main.make_context("scriptkit", ["rules"])

    def words(begun: str) -> list[str]:
        return [str(item.value) for item in RULE.shell_complete(context, context.command.params[0], begun)]

    assert words("walr") == ["walrus"]
    assert words("subm") == ["submodules", "submodule-annotation"]
    assert set(words("sk30")) == {rule.code for rule in all_rules() if rule.code.startswith("SK30")}
    assert len(words("")) > len(all_rules())
    assert words("qqq") == []


def test_a_path_that_cannot_be_looked_for_has_nothing_near_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert near_path(str(tmp_path / "file" / "deeper")) == ""
    assert near_path("") in ("", ".")
    assert near_path(str(tmp_path / "fiel")) == str(tmp_path / "file")
