"""The page of the supported versions says what stands in the tables; the metadata claims what was run."""

from __future__ import annotations

import re
from pathlib import Path

from scriptkit.language import versions
from scriptkit.supported import NEWEST_PYTHON, OLDEST_PYTHON
from tools.torch_matrix.cells import ALL
from tools.torch_matrix.exceptions import UNABLE, Unable
from tools.torch_matrix.page import PAGE, text

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


def test_an_exception_holds_between_its_versions() -> None:
    one = Unable("tests/a.py::test_b", "why", since="2.9", until="2.14", python_until="3.13")
    assert one.meets("2.13.0+cpu", "3.11.7")
    assert not one.meets("2.14.1", "3.11.7")
    assert not one.meets("2.13.0", "3.13.0")
    assert one.names("tests/a.py::test_b[4]")
    assert not one.names("tests/a.py::test_bc")
