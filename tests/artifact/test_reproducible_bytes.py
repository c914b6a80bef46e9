"""The same model gives the same bytes, and nothing of the machine is in them."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import nn

from scriptkit.artifact.container import Container
from scriptkit.artifact.debug_records import package_relative
from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.artifact.writing import write_artifact
from tests.artifact import models
from tests.artifact.conftest import Saved

PROGRAM = """
import hashlib, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {repository!r})
sys.path.insert(0, {folder!r})
from pathlib import Path
import models
from scriptkit.artifact.writing import write_artifact
for seed in range({compiled_before}):
    models.torch.jit.script(models.Block(seed + 1, 3))
    models.calls()
made = models.calls()
for name in sorted(made, reverse={reverse}):
    module, examples = made[name]
    path = Path(name + {suffix!r})
    write_artifact(module, path, description=models.description(name, examples))
    print(name, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def hashes(folder: Path, root: Path, *, seed: str, compiled_before: int, suffix: str) -> list[str]:
    """The SHA-256 of each model's file, made by another process in this folder, from a copy of the models in it."""
    folder.mkdir()
    (folder / "models.py").write_text((root / "tests/artifact/models.py").read_text())
    program = PROGRAM.format(
        repository=str(root),
        folder=str(folder),
        compiled_before=compiled_before,
        reverse=bool(compiled_before),
        suffix=suffix,
    )
    environment = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return sorted(done.stdout.splitlines())


def test_two_processes_write_the_same_bytes(tmp_path: Path, root: Path) -> None:
    """Other hash seed, folder, source path, file name, order, and classes compiled before."""
    first = hashes(tmp_path / "one", root, seed="1", compiled_before=0, suffix=".pt")
    second = hashes(tmp_path / "two and more", root, seed="77", compiled_before=2, suffix="-other.ts")
    assert len(first) == 8
    assert first == second


def test_saving_twice_writes_the_same_bytes(saved: Mapping[str, Saved]) -> None:
    for name, (module, examples, path) in saved.items():
        stream = io.BytesIO()
        write_artifact(module, stream, description=models.description(name, examples))
        assert stream.getvalue() == path.read_bytes(), name


def test_a_loaded_model_saves_to_the_same_code_and_tensors(saved: Mapping[str, Saved]) -> None:
    for name, (_, examples, path) in saved.items():
        stream = io.BytesIO()
        write_artifact(load(path).module, stream, description=models.description(name, examples))
        assert hashlib.sha256(stream.getvalue()).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest(), name


def test_whether_python_holds_the_tensors_changes_nothing() -> None:
    """Torch numbers the memo of its pickle by who else refers to a tensor."""
    model = nn.Linear(2, 2)
    held, free = io.BytesIO(), io.BytesIO()
    scripted = torch.jit.script(model)
    tensors = [*model.parameters()]
    save(scripted, held)
    del model, tensors
    save(scripted, free)
    assert held.getvalue() == free.getvalue()


def test_tied_weights_are_stored_once() -> None:
    model = nn.Sequential(nn.Linear(30, 30), nn.Linear(30, 30))
    model[1].weight = model[0].weight
    stream = io.BytesIO()
    save(torch.jit.script(model), stream)
    loaded = load(io.BytesIO(stream.getvalue()))
    weights = [value for name, value in loaded.state_dict(keep_vars=True).items() if name.endswith("weight")]
    assert weights[0].data_ptr() == weights[1].data_ptr()
    assert [tensor.entry for path, tensor in loaded.manifest.tensors.items() if path.endswith("weight")] == [
        "data/0"
    ] * 2


def test_no_absolute_path_is_inside(saved: Mapping[str, Saved], root: Path) -> None:
    for name, (_, _, path) in saved.items():
        data = path.read_bytes()
        assert str(root).encode() not in data, name
        assert not re.search(rb"(/home/|/usr/|/tmp/|/root/|site-packages|[A-Z]:\\)", data), name


def test_a_traced_model_keeps_its_own_frames_and_none_of_the_program_that_traced_it(saved: Mapping[str, Saved]) -> None:
    container = Container(io.BytesIO(saved["traced"].path.read_bytes()))
    records = b"".join(container.read(name) for name in container.entries if name.endswith(".debug_pkl"))
    assert b"models.py" in records
    assert b"torch/nn/modules/conv.py" in records
    assert b"_trace.py" not in records
    assert b"conftest" not in records


def test_an_error_shows_the_python_line(saved: Mapping[str, Saved]) -> None:
    with pytest.raises(torch.jit.Error) as caught:
        load(saved["scripted"].path)(torch.zeros(101, 4))
    line = next(
        number for number, text in enumerate(Path(models.__file__).read_text().splitlines(), 1) if "raise " in text
    )
    assert f'File "models.py", line {line}, in forward\n' in str(caught.value)
    assert '            raise ValueError("a batch of more than 100")\n            ~~~~~' in str(caught.value)


def test_constants_keep_their_elements() -> None:
    """Tensor constants of a trace lie in entries of their own."""
    model = models.traced(models.Convolved(), torch.rand(1, 3, 8, 8))
    stream = io.BytesIO()
    save(model, stream)
    loaded = load(io.BytesIO(stream.getvalue()))
    assert "constants/0" in loaded.manifest.checksums
    image = torch.rand(1, 3, 8, 8)
    assert torch.equal(loaded(image), model(image))


@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("/opt/python/lib/site-packages/torch/nn/modules/linear.py", "torch/nn/modules/linear.py"),
        (r"C:\Users\me\lib\site-packages\timm\layers\drop.py", "timm/layers/drop.py"),
        ("/nowhere/at/all/net.py", "net.py"),
        ("<string>", "<string>"),
        ("torch/functional.py", "torch/functional.py"),
    ],
)
def test_a_path_begins_at_its_package(path: str, relative: str) -> None:
    assert package_relative(path) == relative


def test_the_package_of_a_source_file_is_found_by_its_folders(tmp_path: Path) -> None:
    inner = tmp_path / "zoo" / "small"
    inner.mkdir(parents=True)
    (tmp_path / "zoo" / "__init__.py").touch()
    (inner / "__init__.py").touch()
    assert package_relative(str(inner / "net.py")) == "zoo/small/net.py"
