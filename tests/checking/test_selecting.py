"""Which rules count: names, codes, prefixes, groups; and what is left out in some files only."""

from __future__ import annotations

from pathlib import Path

import pytest

from scriptkit import config
from scriptkit.checking import Selection
from scriptkit.checking.paths import check_file
from scriptkit.checking.selecting import PerFile
from scriptkit.rules import all_rules, rule_named
from scriptkit.rules.groups import GROUPS, group_of, names_rules, near

LAMBDA = rule_named("lambda-expression")
BAD = """\
from torch import Tensor, nn

class Bad(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)
"""


@pytest.mark.parametrize(
    "word", ["statements", "Statements and expressions", "statements-and-expressions", "SK5", "sk502", "ALL"]
)
def test_a_word_may_mean_a_group(word: str) -> None:
    assert names_rules(word)
    assert Selection(select=(word,)).includes(LAMBDA)
    assert not Selection(ignore=(word,)).includes(LAMBDA)
    assert word == "ALL" or not Selection(select=(word,)).includes(rule_named("optional-not-refined"))


def test_every_rule_is_in_one_group_that_has_rules() -> None:
    assert {group_of(rule) for rule in all_rules()} == set(GROUPS)


def test_a_rule_that_is_off_by_default_is_not_meant_by_its_group() -> None:
    rule = rule_named("module-list-literal-index")
    assert not Selection(select=("submodules", "SK3", "ALL")).includes(rule)
    assert Selection(select=(rule.name,)).includes(rule)


def test_a_word_that_means_nothing_is_told_what_is_near_it() -> None:
    assert not names_rules("lamda-expression")
    assert "lambda-expression" in near("lamda-expression")
    assert "submodules" in near("submodule")
    assert near("qqq") == "`scriptkit rules` lists them"


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        ("legacy/**", "legacy/a.py", True),
        ("legacy/**", "legacy/deep/a.py", True),
        ("legacy/", "legacy/deep/a.py", True),
        ("legacy", "src/legacy/a.py", True),
        ("./legacy", "legacy/a.py", True),
        ("src/legacy", "src/legacy/a.py", True),
        ("src/legacy", "other/src/legacy/a.py", False),
        ("**/old_*.py", "a/b/old_net.py", True),
        ("**/old_*.py", "old_net.py", True),
        ("old_*.py", "a/old_net.py", True),
        ("old_*.py", "a/new_net.py", False),
        ("legacy/**", "a/legacy.py", False),
    ],
)
def test_patterns_name_files_seen_from_the_folder_of_the_settings(
    pattern: str, path: str, is_meant: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    per_file = PerFile(str(tmp_path), ((pattern, ("SK5",)),))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert bool(per_file.ignored(str(tmp_path / path))) == is_meant
    assert bool(per_file.ignored(f"../{path}")) == is_meant


def test_what_is_left_out_in_a_file_is_found_in_others(tmp_path: Path) -> None:
    for name in ("old.py", "new.py"):
        (tmp_path / name).write_text(BAD)
    (tmp_path / "pyproject.toml").write_text('[tool.scriptkit.per-file-ignores]\n"old.py" = ["statements"]\n')
    selection = config.load(tmp_path / "pyproject.toml").selection
    found = {name: check_file(str(tmp_path / name), selection, all_modules=True) for name in ("old.py", "new.py")}
    assert {name: len(findings) for name, findings in found.items()} == {"old.py": 0, "new.py": 1}
