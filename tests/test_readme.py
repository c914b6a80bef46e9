"""Every code block of the README and the guide does what the page says."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib

from tools.readme import PAGES, ROOT, blocks, up_to_date

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_blocks_print_or_raise_the_text_that_follows_them(page: Path) -> None:
    """If only words changed, `make readme` writes the new ones."""
    markdown = page.read_text(encoding="utf-8")
    assert up_to_date(markdown).splitlines() == markdown.splitlines()


def test_a_text_block_that_tells_something_else_is_noticed() -> None:
    told = "```python\nprint(1 + 1)\n```\n```text\n3\n```\n"
    assert up_to_date(told) == told.replace("3", "2")


def test_a_python_block_may_not_say_something_unseen() -> None:
    with pytest.raises(ValueError, match="line 2 says this"):
        up_to_date("Words.\n```python\nprint(1)\n```\nMore words.\n")


def commands(program: str) -> list[str]:
    lines = (line for block in blocks(README) if block.language == "sh" for line in block.text.splitlines())
    return [line.partition(" ")[2] for line in lines if line.startswith(program + " ")]


@pytest.mark.parametrize("target", commands("make"))
def test_the_commands_are_targets_that_make_knows(target: str) -> None:
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("arguments", commands("scriptkit"))
def test_the_command_line_understands_what_the_readme_types(arguments: str) -> None:
    """Exit code 2 would be a wrong usage; 1 says that there are findings."""
    command = [sys.executable, "-m", "scriptkit", *arguments.split()]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode in {0, 1}
    assert "SK201" in result.stdout


def test_no_shell_line_is_of_a_kind_that_nothing_runs() -> None:
    shell = [line for block in blocks(README) if block.language == "sh" for line in block.text.splitlines()]
    assert len(commands("make")) + len(commands("scriptkit")) == len(shell)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_block_is_of_a_kind_that_nothing_runs(page: Path) -> None:
    assert {block.language for block in blocks(page.read_text(encoding="utf-8"))} <= {"python", "text", "sh", "toml"}


def test_the_configuration_names_a_plugin_that_mypy_can_load() -> None:
    (block,) = (block for block in blocks(README) if block.language == "toml")
    (plugin,) = tomllib.loads(block.text)["tool"]["mypy"]["plugins"]
    assert callable(importlib.import_module(plugin).plugin)


def test_the_linked_files_exist() -> None:
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#:]+)\)", prose)
    assert len(links) >= 6
    assert [link for link in links if not (ROOT / link).exists()] == []
