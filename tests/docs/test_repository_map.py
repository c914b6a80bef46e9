"""The map has one line for every file and is renewed when files move; the picture shows every level and room."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import repository_map
from tools.imports import LEVELS, modules
from tools.levels_picture import BAND, WIDTH, picture


def test_the_map_and_the_picture_are_up_to_date(root: Path) -> None:
    command = [sys.executable, "-m", "tools.repository_map", "--check"]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def test_every_file_of_the_package_that_is_no_rule_has_a_line(root: Path) -> None:
    lines = re.findall(r"^- `(\w+\.py)`: .+", "\n".join(repository_map.page(root)), re.MULTILINE)
    for file in modules().values():
        if file.name != "__init__.py" and file.parent.name != "rules":
            assert file.name in lines


def a_repository(root: Path) -> Path:
    package = root / "scriptkit"
    (package / "live" / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text('"""The package."""\n')
    (package / "live" / "__init__.py").write_text('"""Living things. And more."""\n')
    (package / "live" / "one.py").write_text('"""What one\nis, with *stars*. And more of it.\n\nAt length.\n"""\n')
    (package / "live" / "inner" / "__init__.py").write_text("")
    (package / "live" / "inner" / "two.py").write_text('"""Two."""\n')
    return package


def test_a_file_is_told_by_its_first_sentence_below_its_room(tmp_path: Path) -> None:
    a_repository(tmp_path)
    told = "\n".join(repository_map.page(tmp_path))
    assert "### scriptkit/live\n\nLiving things.\n\n- `one.py`: What one is, with \\*stars\\*.\n" in told
    assert "### scriptkit/live/inner\n\n- `two.py`: Two.\n" in told


def test_a_file_that_moved_is_told_at_its_new_place(tmp_path: Path) -> None:
    package = a_repository(tmp_path)
    (package / "live" / "one.py").rename(package / "live" / "inner" / "one.py")
    told = "\n".join(repository_map.page(tmp_path))
    assert "### scriptkit/live/inner\n\n- `one.py`: What one is" in told


def test_a_room_without_a_level_is_told_too(tmp_path: Path) -> None:
    package = a_repository(tmp_path)
    (package / "attic").mkdir()
    (package / "attic" / "__init__.py").write_text('"""Old things."""\n')
    assert "## On no level yet\n\n### scriptkit/attic\n\nOld things.\n" in "\n".join(repository_map.page(tmp_path))


def test_a_file_that_does_not_say_what_it_is_is_named(tmp_path: Path) -> None:
    (a_repository(tmp_path) / "live" / "silent.py").write_text("x = 1\n")
    with pytest.raises(SystemExit, match=r"scriptkit/live/silent\.py does not say what it is"):
        list(repository_map.page(tmp_path))


def test_a_stale_map_is_named_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_map, "MAP", tmp_path / "map.md")
    monkeypatch.setattr(repository_map, "PICTURE", tmp_path / "levels.svg")
    monkeypatch.setattr(sys, "argv", ["repository_map", "--check"])
    with pytest.raises(SystemExit, match=r"run `make map`: stale in docs: map\.md, levels\.svg"):
        repository_map.main()
    monkeypatch.setattr(sys, "argv", ["repository_map"])
    repository_map.main()
    monkeypatch.setattr(sys, "argv", ["repository_map", "--check"])
    repository_map.main()


def test_the_picture_has_every_room_inside_its_level() -> None:
    drawn = picture(LEVELS)
    shown = re.findall(r'text-anchor="middle">(\w+)<', drawn)
    assert shown == [room for rooms in reversed(LEVELS) for room in rooms]
    boxes = re.findall(r'<rect x="(\d+)" y="\d+" width="(\d+)" height="30"', drawn)
    assert all(int(x) + int(width) <= WIDTH for x, width in boxes)
    assert drawn.count(f'height="{BAND}"') == len(LEVELS)
