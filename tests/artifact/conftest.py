"""The eight models of `tests.artifact.models`, saved once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from scriptkit.artifact.description import ExampleCall
from scriptkit.artifact.writing import write_artifact
from tests.artifact import models


class Saved(NamedTuple):
    """A compiled model, arguments for its methods, and its file."""

    module: torch.jit.ScriptModule
    examples: dict[str, ExampleCall]
    path: Path


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Saved]:
    """The eight models by name."""
    folder = tmp_path_factory.mktemp("artifacts")
    found = {}
    for name, (module, examples) in models.calls().items():
        path = folder / f"{name}.pt"
        write_artifact(module, path, description=models.description(name, examples))
        found[name] = Saved(module, examples, path)
    return found
