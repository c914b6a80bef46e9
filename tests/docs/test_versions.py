"""The page of the supported versions says what stands in the tables; the metadata claims what was run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scriptkit.language import versions
from scriptkit.supported import NEWEST_PYTHON, OLDEST_PYTHON
from tools.torch_matrix import page
from tools.torch_matrix.cells import ALL
from tools.torch_matrix.exceptions import UNABLE, Unable
from tools.torch_matrix.page import PAGE, record, text
from tools.torch_matrix.running import BESIDE, commands, counts, directories

METADATA = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == text()


def test_every_known_torch_is_run_and_no_other() -> None:
    assert {versions.numbers(cell.torch) for cell in ALL} == set(map(versions.numbers, versions.known()))


def test_the_metadata_claims_what_is_run() -> None:
    pythons = set(re.findall(r'"Programming Language :: Python :: (3\.\d+)"', METADATA))
    assert pythons == {cell.python for cell in ALL}
    assert {OLDEST_PYTHON, NEWEST_PYTHON} == {f(map(versions.numbers, pythons)) for f in (min, max)}
    assert f'"torch>={versions.known()[0]}"' in METADATA


def test_fewer_than_ten_tests_are_left_out_on_any_version() -> None:
    assert all(sum(one.meets(cell.torch, cell.python) for one in UNABLE) < 10 for cell in ALL)


def test_what_is_left_out_is_named_with_its_reason_and_exists() -> None:
    root = Path(__file__).parents[2]
    assert all(one.why and (root / one.test.partition("::")[0]).exists() for one in UNABLE)


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where results and page are written to, instead of into the tree: empty results, no page."""
    monkeypatch.setattr(page, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(page, "PAGE", tmp_path / "versions.md")
    return tmp_path / "versions.md"


def rows(written: Path, column: str) -> dict[tuple[str, str], dict[str, str]]:
    """The rows of the table that has such a column, by torch and Python."""
    tables = written.read_text(encoding="utf-8").split("\n\n")
    [found] = [table for table in tables if f"| {column} |" in table.partition("\n")[0]]
    heading, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in found.splitlines())
    return {(cells[0], cells[1]): dict(zip(heading, cells, strict=True)) for cells in lines}


def test_what_was_run_by_directory_is_no_result_of_the_whole(recorded: Path) -> None:
    record("torch-2.9.1-python3.11", "tests/docs", "60 passed, 2 skipped (1 min, 2026-11-29)")
    record("torch-2.9.1-python3.11", "tests/rules", "1 failed, 400 passed, 1 error (2 min, 2026-11-30)")
    record("torch-2.9.1-python3.11", "tests/cpp", "failed")
    whole = rows(recorded, "tests")
    assert whole["2.9.1", "3.11"]["tests"] == "by directory, see below"
    assert whole["2.10.0", "3.11"]["tests"] == "not run yet"
    [found] = rows(recorded, "not run yet").values()
    assert (found["passed"], found["failed"], found["skipped"]) == ("460", "2", "2")
    assert found["when"] == "2026-11-29, 2026-11-30"
    missing = set(found["not run yet"].replace("`", "").split(", "))
    assert {"cpp", "*.py", "artifact"} < missing
    assert not {"docs", "rules"} & missing


def test_a_run_of_the_whole_suite_stands_in_the_place_of_directories(recorded: Path) -> None:
    record("torch-2.9.1-python3.11", "tests/docs", "60 passed (1 min, 2026-11-29)")
    record("torch-2.9.1-python3.11", "suite", "10 passed (9 min, 2026-11-30)")
    assert rows(recorded, "tests")["2.9.1", "3.11"]["tests"] == "10 passed (9 min, 2026-11-30)"
    assert "one directory after the other" not in recorded.read_text(encoding="utf-8")


def test_the_directories_of_the_suite_are_every_file_of_tests_once() -> None:
    root = Path(__file__).parents[2]
    found = [argument for _, line in commands(directories(), ()) for argument in line if argument.startswith("tests/")]
    tests = [path.relative_to(root) for path in (root / "tests").rglob("test_*.py")]
    assert all(sum(path.is_relative_to(one) for one in found) == 1 for path in tests)
    assert BESIDE not in found


def test_the_closing_line_of_pytest_is_counted() -> None:
    assert counts("2 failed, 10 passed, 1 error in 3s") == {"failed": 2, "passed": 10, "error": 1}
    assert counts("failed") == {}


def test_an_exception_holds_between_its_versions() -> None:
    one = Unable("tests/a.py::test_b", "why", since="2.9", until="2.14", python_until="3.13")
    assert one.meets("2.13.0+cpu", "3.11.7")
    assert not one.meets("2.14.1", "3.11.7")
    assert not one.meets("2.13.0", "3.13.0")
    assert one.names("tests/a.py::test_b[4]")
    assert not one.names("tests/a.py::test_bc")
