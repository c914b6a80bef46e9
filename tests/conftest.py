"""What every test starts from: one torch thread per worker, a cache of its own, the same random numbers each time."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from scriptkit.installed import installed_torch
from tools.environment import forget_the_service
from tools.torch_matrix.exceptions import unable

# before torch is loaded anywhere: two workers with torch's own threads only get into each other's way
os.environ.setdefault("OMP_NUM_THREADS", "1")

forget_the_service()

ROOT = Path(__file__).parent.parent

# class statements remember their verdicts between processes: not in the cache of whoever runs the tests
os.environ["SCRIPTKIT_CACHE"] = str(ROOT / ".pytest_cache" / "scriptkit")


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, with its reason, what cannot hold on the installed versions."""
    excused = unable(installed_torch() or "", platform.python_version())
    for item in items:
        for one in excused:
            if one.names(item.nodeid):
                item.add_marker(pytest.mark.skip(reason=one.why))


@pytest.fixture(autouse=True)
def _seeded(request: pytest.FixtureRequest) -> None:
    """Seed torch, for tests whose module uses it."""
    if hasattr(request.module, "torch"):
        import torch

        torch.manual_seed(0)
