"""The matrix is complete: no row without a test, no test without a row."""

import importlib
from pathlib import Path

from tests.scenarios.matrix import MAY_RUN_EAGERLY, ROWS, covered


def test_every_row_has_a_test() -> None:
    for file in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.scenarios.{file.stem}")
    assert len(ROWS) == 78
    assert set(covered) == set(ROWS)


def test_rows_that_may_run_eagerly_are_rows() -> None:
    assert set(MAY_RUN_EAGERLY) <= set(ROWS)
