"""The driver, built once for all tests of the runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cpp.running import SOURCES, build, configure


@pytest.fixture(scope="session")
def driver(root: Path) -> Path:
    """The program that the tests call; kept between runs, so that only what changed is built again."""
    folder = root / ".pytest_cache" / "cpp"
    configure(SOURCES, folder, "-DCMAKE_CXX_FLAGS=-O1 -g0")
    build(folder, "driver")
    return folder / "driver"
