"""Every code block of README and docs does what the page says; every link leads somewhere."""

from __future__ import annotations

import importlib
import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from scriptkit import config
from scriptkit.rules import all_rules
from tools.blocks import blocks
from tools.environment import parse_toml
from tools.readme import DOCS, OTHERWISE, PAGES, ROOT, RUN, SHOWN, program, up_to_date

README = ROOT / "README.md"
ALL_PAGES = (README, *sorted(DOCS.glob("*.md")))
ILLUSTRATED = {
    "mypy.md",  # shows what mypy says, which tests/mypy knows
    "exported-file.md",  # pieces of a file, which tests/artifact and tests/cpp read
}
_COMPARED = re.compile(r"in \d+ comparisons")
_UNTRAINED = re.compile(r" +is for inference only, its gradients: .*\n")  # loops over time, before torch 2.13
_ALONE = re.compile(r"\((\w+),\) =")  # how Python 3.10 writes `(x,) =` where later ones write `x, =`
LANGUAGES = {"python", "text", "sh", "toml", "yaml", "json", "cpp", "cmake", "fortran", "lua"}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def block_texts(page: Path, language: str) -> list[str]:
    return [block.text for block in blocks(text_of(page)) if block.language == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_tells_the_text_that_follows_it(page: Path) -> None:
    """If only words changed, `make readme` writes the new ones; how much was compared is up to torch, too."""
    found, shown = (
        _UNTRAINED.sub("", _ALONE.sub(r"\1, =", _COMPARED.sub("", text))).splitlines()
        for text in (up_to_date(text_of(page)), text_of(page))
    )
    assert found == shown


def test_a_text_block_that_tells_something_else_is_noticed() -> None:
    told = "```python\nprint(1 + 1)\n```\n```text\n3\n```\n"
    assert up_to_date(told) == told.replace("3", "2")


def test_what_a_command_prints_is_noticed() -> None:
    told = "```{code-block} python\n:caption: one.py\n\nprint(1 + 1)\n```\n```sh\npython one.py\n```\n```text\n3\n```\n"
    assert up_to_date(told) == told.replace("3", "2")


def test_a_command_that_fails_is_noticed() -> None:
    with pytest.raises(ValueError, match="`scriptkit no-such-command` ended with 2"):
        up_to_date("```sh\nscriptkit no-such-command\n```\n")


def test_a_python_block_may_not_say_something_unseen() -> None:
    with pytest.raises(ValueError, match="line 2 says this"):
        up_to_date("Words.\n```python\nprint(1)\n```\nMore words.\n")


def test_a_class_is_judged_with_the_imports_of_the_blocks_before_it() -> None:
    first = "```python\nimport torch.nn.functional as F\nfrom scriptkit import ScriptableModule\n```\n"
    forward = "def forward(self, x: Tensor) -> Tensor:\n        return F.relu(x)"
    second = f"```python\nclass A(ScriptableModule):\n    {forward}\n```\n"
    assert up_to_date(first + second) == first + second


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.stem)
def test_every_block_is_of_a_kind_that_something_runs(page: Path) -> None:
    assert {block.language for block in blocks(text_of(page))} <= LANGUAGES
    cpp = [block for block in blocks(text_of(page)) if block.language == "cpp"]
    assert not cpp or page.name in {"tutorial.md", "cpp.md"}  # one is compiled, the other tells what tests/cpp builds


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_text_block_is_told_by_the_code_before_it(page: Path) -> None:
    """So none of them can grow stale."""
    languages = ["", *(block.language for block in blocks(text_of(page)))]
    before = {one for one, other in itertools.pairwise(languages) if other == "text"}
    assert before <= {"python", "sh"} or page.name in ILLUSTRATED


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.stem)
def test_every_command_is_run_or_known(page: Path) -> None:
    lines = [line for text in block_texts(page, "sh") for line in text.splitlines()]
    if page.name not in OTHERWISE:
        assert {program(line) for line in lines} <= {*RUN, *SHOWN}
    for line in lines:
        if line.startswith("make "):
            subprocess.run(["make", "--dry-run", line.split()[1]], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.stem)
def test_settings_are_read_by_the_tools_they_are_for(page: Path, tmp_path: Path) -> None:
    for number, text in enumerate(block_texts(page, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        config.load(file)
        tools = parse_toml(text).get("tool", {})
        for plugin in tools.get("mypy", {}).get("plugins", []):
            assert callable(importlib.import_module(plugin).plugin)
        for entry in tools.get("pytest", {}).get("ini_options", {}).get("filterwarnings", []):
            module, _, name = entry.rpartition(":")[2].rpartition(".")
            assert issubclass(getattr(importlib.import_module(module), name), Warning)
    for text in block_texts(page, "json"):
        assert json.loads(text)
    for text in block_texts(page, "yaml"):
        (repository,) = yaml.safe_load(text).get("repos", [{"hooks": []}])
        assert all({"id", "entry", "language"} <= set(hook) for hook in repository["hooks"])


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.stem)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    """Sphinx checks those within the site; these are read on other sites, too."""
    prose = re.sub(r"^```.*?^```$|`[^`\n]*\]\([^`\n]*`", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", prose)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_in_a_table_of_contents() -> None:
    shown = set(re.findall(r"^([\w-]+)$", text_of(DOCS / "index.md"), re.MULTILINE))
    assert {page.stem for page in DOCS.glob("*.md")} - shown == {"index"}


def test_the_readme_counts_the_rules_right() -> None:
    assert f"[{len(all_rules())} rules]" in text_of(README)


def test_the_guides_show_the_commands_that_exist() -> None:
    from scriptkit.cli import COMMANDS

    page = text_of(DOCS / "command-line.md")
    assert [name for name in COMMANDS if f"scriptkit {name}" not in page] == []
