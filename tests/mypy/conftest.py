"""Projects for mypy to read: with a small fake torch, or with the real one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.mypy.project import FAKE, Project

if TYPE_CHECKING:
    from pathlib import Path


IMPORTS = "import torch, scriptkit, collections.abc, dataclasses, typing, typing_extensions\n"


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mypy's cache of what every project imports, and of nothing else."""
    folder = tmp_path_factory.mktemp("warm")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MYPYPATH", str(FAKE))
        warm = Project(folder)
        warm.write(imports=IMPORTS)
        assert warm.check() == []
    return folder / ".mypy_cache"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm_cache: Path) -> Project:
    """A project over the fake torch, in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYPYPATH", str(FAKE))
    shutil.copytree(warm_cache, tmp_path / ".mypy_cache")
    return Project(tmp_path)
