"""Every code block of the README and the guide does what the page says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("line", [line for b in blocks(README) if b.language == "sh" for line in b.text.splitlines()])
def test_the_commands_are_targets_that_make_knows(line: str) -> None:
    command, target = line.split()
    assert command == "make"
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_block_is_of_a_kind_that_nothing_runs(page: Path) -> None:
    assert {block.language for block in blocks(page.read_text(encoding="utf-8"))} <= {"python", "text", "sh"}


def test_the_linked_files_exist() -> None:
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#:]+)\)", prose)
    assert len(links) >= 6
    assert [link for link in links if not (ROOT / link).exists()] == []
