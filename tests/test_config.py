"""The settings of a project: what is taken, and where in the file a mistake stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from scriptkit import config
from scriptkit.rules import rule_named


def load(folder: Path, text: str) -> config.Config:
    (folder / "pyproject.toml").write_text(text)
    return config.load(folder / "pyproject.toml")


def test_a_setting_may_be_written_with_either_sign(tmp_path: Path) -> None:
    for name in ("all-modules", "all_modules"):
        assert load(tmp_path, f"[tool.scriptkit]\n{name} = true\n").all_modules
    for name in ("per-file-ignores", "per_file_ignores"):
        found = load(tmp_path, f'[tool.scriptkit.{name}]\n"a.py" = ["SK5"]\n')
        assert found.selection.per_file.ignored(str(tmp_path / "a.py")) == ("SK5",)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("[tool.scriptkit\n", (1, 16), "Expected ']'"),
        ("[project]\nname = 'x'\n[tool.scriptkit]\nall_moduls = true\n", (4, 1), "near it: `all_modules`"),
        ("[tool.scriptkit]\nqqq = 1\n", (2, 1), "there are all_modules, select"),
        ("[tool.scriptkit]\nall-modules = 3\n", (2, 1), "all_modules: Input should be a valid boolean"),
        ('[tool.scriptkit]\nignore = ["SK5"]\nselect = [\n  "ALL",\n  "SK99",\n]\n', (5, 4), "`SK99` names no rule"),
        ('[tool.scriptkit]\nselect = ["lamda-expression"]\n', (2, 12), "near it: lambda-expression"),
        ('[tool.scriptkit]\n# torch\ntorch = "1.2"\n', (3, 10), "no torch whose language is known"),
        ('[tool.scriptkit.per-file-ignores]\n"a.py" = ["nothing"]\n', (2, 12), "`nothing` names no rule"),
        ("[tool.scriptkit]\nper-file-ignores = 3\n", (2, 1), "per_file_ignores: Input should be a valid dictionary"),
        ("tool = {scriptkit = 3}\n", (1, 1), "Input should be a dictionary"),
        ("tool.scriptkit.qqq = 3\n", (1, 1), "there is no such setting"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(
    text: str, place: tuple[int, int], words: str, tmp_path: Path
) -> None:
    with pytest.raises(config.ConfigError) as caught:
        load(tmp_path, text)
    assert (caught.value.line, caught.value.column) == place
    assert str(caught.value).startswith(f"{tmp_path / 'pyproject.toml'}:{place[0]}:{place[1]}: ")
    assert words in str(caught.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="No such file"):
        config.load(tmp_path / "pyproject.toml")


def test_a_word_in_another_table_is_not_taken_for_the_place(tmp_path: Path) -> None:
    text = '[tool.scriptkit]\nselect = ["ALL"]\n[tool.other]\nignore = ["SK99"]\n'
    text += '[tool.scriptkit.per-file-ignores]\n"b.py" = ["SK99"]\n'
    with pytest.raises(config.ConfigError) as caught:
        load(tmp_path, text)
    assert caught.value.line == 6


def test_an_engine_that_is_chosen_brings_its_rules(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.scriptkit]\nengines = ["torchscript", "export"]\n')
    rule = rule_named("export-state")
    assert config.load(project).selection.includes(rule)
    assert not config.Config().selection.includes(rule)
    assert config.Config(select=("export-state",)).selection.includes(rule)
    project.write_text('[tool.scriptkit]\nengines = ["export", "onnx"]\n')
    with pytest.raises(config.ConfigError, match=r"toml:2:\d+: .*`onnx` is no engine; there are torchscript, export"):
        config.load(project)
