"""The driver, built once for all tests of the runtime."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from tests.cpp.running import SOURCES, build, configure


@pytest.fixture(scope="session")
def driver(root: Path) -> Path:
    """The program that the tests call; kept between runs, so that only what changed is built again."""
    folder = root / ".pytest_cache" / "cpp"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # each process of pytest-xdist asks for it
        configure(SOURCES, folder, "-DCMAKE_CXX_FLAGS=-O1 -g0")
        build(folder, "driver")
    return folder / "driver"
