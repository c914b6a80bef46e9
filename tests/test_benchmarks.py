"""Every measurement of `benchmarks` is one that `python -m benchmarks NAME` knows."""

from __future__ import annotations

import importlib
import pkgutil

import benchmarks
from benchmarks.__main__ import ALL


def test_no_measurement_is_left_out() -> None:
    files = [importlib.import_module(f"benchmarks.{found.name}") for found in pkgutil.iter_modules(benchmarks.__path__)]
    made = {name for file in files if file.__name__ != "benchmarks.__main__" for name in getattr(file, "ALL", ())}
    assert "export" in made
    assert made == set(ALL)
