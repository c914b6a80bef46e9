"""Every code block of the README does what the README says."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import scriptkit

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text and the line it begins at."""

    language: str
    text: str
    line: int


def blocks(markdown: str) -> list[Block]:
    fences = re.finditer(r"^```(\w*)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
    return [Block(m[1], m[2], markdown[: m.start()].count("\n") + 1) for m in fences]


def told_by(block: Block, folder: Path, names: dict[str, Any]) -> str:
    """Run a Python block as the file `model.py`: what it prints, or the diagnostics it ends in."""
    file = folder / "model.py"
    file.write_text(block.text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"readme_line_{block.line}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    vars(module).update({name: value for name, value in names.items() if not name.startswith("__")})
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.chdir(folder):
            spec.loader.exec_module(module)
    except scriptkit.ScriptkitError as error:
        return str(error).replace(f"{folder}/", "")
    finally:
        names.update(vars(module))
    return printed.getvalue()


def test_the_python_blocks_print_or_raise_the_text_that_follows_them(tmp_path: Path) -> None:
    """A `text` block is what the Python block before it prints, or the diagnostics it ends in; names carry over."""
    names: dict[str, Any] = {}
    told = ""
    for number, block in enumerate(blocks(README)):
        if block.language == "text":
            assert told.strip() == block.text.strip(), f"README.md:{block.line}"
            told = ""
        elif block.language == "python":
            assert told == "", f"README.md does not show what the block before line {block.line} says"
            folder = tmp_path / str(number)
            folder.mkdir()
            told = told_by(block, folder, names)
    assert told == ""


@pytest.mark.parametrize("line", [line for b in blocks(README) if b.language == "sh" for line in b.text.splitlines()])
def test_the_commands_are_targets_that_make_knows(line: str) -> None:
    command, target = line.split()
    assert command == "make"
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_no_block_is_of_a_kind_that_nothing_runs() -> None:
    assert {block.language for block in blocks(README)} <= {"python", "text", "sh"}


def test_the_linked_files_exist() -> None:
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#:]+)\)", prose)
    assert len(links) >= 6
    assert [link for link in links if not (ROOT / link).exists()] == []
