"""The walkthroughs of CONTRIBUTING.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.blocks import blocks

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NEEDED = ("scriptkit", "tools", "tests", "docs", "stubs")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "_build", "corpus", "zoo")


@dataclass
class Walkthrough:
    """One part of the page: the files it adds, the changes it makes, the commands it gives, in their order."""

    steps: list[tuple[str, str, str]] = field(default_factory=list)

    @classmethod
    def under(cls, heading: str) -> Walkthrough:
        part = re.split(r"^## ", PAGE.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0]
        found = cls()
        for block in blocks(part):
            before = part[: part.rindex("```", 0, block.span[0])].rstrip().splitlines()[-1]
            file = re.fullmatch(r"`([\w/.]+)`:", before)
            found.steps.append((block.language, file[1] if file else "", block.text))
        return found

    def follow(self, folder: Path) -> None:
        for language, file, text in self.steps:
            if language == "python":
                assert not (folder / file).exists(), f"{file} exists already"
                (folder / file).write_text(text, encoding="utf-8")
            elif language == "diff":
                patch(folder / file, text)
            elif language == "sh":
                for line in text.splitlines():
                    run(line, folder)


def patch(file: Path, diff: str) -> None:
    """Change a file; each part of the change stands where its unchanged lines stand."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines()
        before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{file.name} has {text.count(before)} times:\n{before}"
        file.write_text(text.replace(before, after), encoding="utf-8")


def run(line: str, folder: Path) -> None:
    program, *arguments = line.split()
    command = [sys.executable, *arguments] if program == "python" else [program, "--dry-run", *arguments]
    told = subprocess.run(
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        | {"PYTHONPATH": str(folder), "SCRIPTKIT_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, f"{line}\n{told.stdout}\n{told.stderr}"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in NEEDED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=LEFT_OUT)
    for name in ("pyproject.toml", "Makefile", "constraints.txt", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tests/zoo").mkdir()
    shutil.copy(ROOT / "tests/zoo/packages.txt", tmp_path / "tests/zoo")
    return tmp_path


def test_a_rule_is_added_as_the_page_tells(clone: Path) -> None:
    Walkthrough.under("Add a rule").follow(clone)
    assert "y = ..." in (clone / "docs/rules/ellipsis-value.md").read_text()
    assert "| SK590 | [ellipsis-value]" in (clone / "docs/rules.md").read_text()


def test_a_lowering_handler_is_added_as_the_page_tells(clone: Path) -> None:
    Walkthrough.under("Add a lowering handler").follow(clone)


def test_an_engine_function_is_added_as_the_page_tells(clone: Path) -> None:
    Walkthrough.under("Add an engine function").follow(clone)


def test_a_walkthrough_that_no_longer_fits_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("one = 1\n")
    patch(tmp_path / "file.py", " one = 1\n+two = 2\n")
    assert (tmp_path / "file.py").read_text() == "one = 1\ntwo = 2\n"
    with pytest.raises(AssertionError, match="has 0 times"):
        patch(tmp_path / "file.py", "-three = 3\n+two = 2\n")
    with pytest.raises(AssertionError, match="no_such_file"):
        run("python no_such_file.py", tmp_path)


def test_every_command_and_folder_of_the_page_is_there() -> None:
    for target in {word for block in blocks(PAGE) for word in re.findall(r"^make (\S+)$", block.text, re.MULTILINE)}:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)
    added = {file for heading in ("rule", "lowering handler", "engine function") for file in files_added(heading)}
    named = set(re.findall(r"`((?:scriptkit|tests|tools|docs|benchmarks)/[\w/.-]*)`", PAGE)) - added
    assert [name for name in named if not (ROOT / name).exists()] == []


def files_added(heading: str) -> list[str]:
    article = "an" if heading.startswith("e") else "a"
    return [file for language, file, _ in Walkthrough.under(f"Add {article} {heading}").steps if language == "python"]
