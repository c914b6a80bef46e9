"""Two programs of `test_saved_files.py`: `write SUFFIX` compiles and saves models into this folder, `read` loads them.

`read` runs without the packages the models come from. Each prints a line per model.
"""

from __future__ import annotations

import hashlib
import sys
import warnings
from pathlib import Path
from typing import Any

import click
import torch

import scriptkit
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.live.comparison import compare
from scriptkit.live.nested import flatten
from tests.zoo.catalogue import CATALOGUE, Entry

FOREIGN = ("timm", "torchvision", "transformers", "monai", "torch_geometric", "e3nn")


def write(suffix: str, entries: list[Entry]) -> None:
    """Save each model, with its inputs and outputs beside it; print the SHA-256 of the file."""
    for entry in entries:
        torch.manual_seed(0)
        model = entry.make().eval()
        inputs = entry.first()
        with torch.no_grad():
            leaves, _ = flatten(model(*inputs))
        path = Path(entry.name.replace("/", "-") + suffix)
        scriptkit.save(scriptkit.compile(model, inputs), path, example_inputs=inputs, metadata={"model": entry.name})
        torch.save((inputs, leaves), path.with_suffix(".outputs"))
        click.echo(f"{entry.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")


def read() -> None:
    """Load every file of this folder and compare; print what differs, or `equal`."""
    missing: Any = None
    sys.modules.update(dict.fromkeys(FOREIGN, missing))  # an import of one of them fails
    for path in sorted(Path().glob("*.outputs")):
        inputs, expected = torch.load(path)
        model = scriptkit.load(path.with_suffix(".pt"))
        with torch.no_grad():
            actual, _ = flatten(_called(model, inputs))
        click.echo(f"{model.manifest.metadata['model']} {compare(expected, actual) or 'equal'}")


def _called(model: LoadedModule, inputs: tuple[Any, ...]) -> Any:
    return model(*inputs)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    names = set(sys.argv[3:])
    if sys.argv[1] == "write":
        write(sys.argv[2], [entry for entry in CATALOGUE if entry.name in names])
    else:
        read()
