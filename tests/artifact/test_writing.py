"""Writing: an old file is replaced whole or not at all."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.errors import ArtifactError, ScriptkitWarning
from tests.artifact import models

LOOP = """
import os, sys, torch
sys.path.insert(0, {root!r})
from scriptkit.artifact.saving import save
model = torch.jit.script(torch.nn.Linear(300, 300))
for turn in range(20):
    child = os.fork()
    if child == 0:
        while True:
            save(model, {path!r})
    print(child, flush=True)
    os.waitpid(child, 0)
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "model.pt"
    save(torch.jit.script(nn.Linear(2, 2)), path)
    return path


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killing_the_writer_leaves_a_whole_file(tmp_path: Path, root: Path) -> None:
    """`kill -9` at 20 moments of a loop of saves."""
    path = tmp_path / "model.pt"
    save(torch.jit.script(nn.Linear(300, 300)), path)
    whole = path.read_bytes()
    path.unlink()
    command = [sys.executable, "-c", LOOP.format(root=str(root), path=str(path))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        for moment, child in enumerate(writer.stdout or []):
            wait_for(path)
            time.sleep(0.001 * moment)
            os.kill(int(child), signal.SIGKILL)
            assert len(path.read_bytes()) == len(whole)
            assert load(path).manifest.class_name == "Linear"
    assert moment == 19


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_failure_in_the_middle_leaves_the_old_file(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactError, match=r"model.pt` cannot be written: No space left on device"):
        save(torch.jit.script(nn.Linear(3, 3)), old)
    assert old.read_bytes() == before
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_an_artifact_error(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.read_bytes()
    opening = os.fdopen

    def opened_full(handle: int, mode: str) -> object:
        os.close(handle)
        return opening(os.open("/dev/full", os.O_WRONLY), mode)

    monkeypatch.setattr(os, "fdopen", opened_full)
    with pytest.raises(ArtifactError, match="No space left on device"):
        save(torch.jit.script(nn.Linear(100, 100)), old)
    assert old.read_bytes() == before


def test_a_read_only_file_is_left_alone(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the user may write everything, as root may."""
    before = old.read_bytes()
    old.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda path, _mode: bool(Path(path).stat().st_mode & 0o200))
    with pytest.raises(ArtifactError, match="it is read-only"):
        save(torch.jit.script(nn.Linear(3, 3)), old)
    assert old.read_bytes() == before


@pytest.mark.parametrize("target", ["missing/model.pt", "."])
def test_a_place_that_takes_no_file_is_an_artifact_error(tmp_path: Path, target: str) -> None:
    with pytest.raises(ArtifactError, match="cannot be written"):
        save(torch.jit.script(nn.Linear(2, 2)), tmp_path / target)


def test_the_permissions_of_the_old_file_stay(old: Path) -> None:
    old.chmod(0o640)
    save(torch.jit.script(nn.Linear(3, 3)), old)
    assert old.stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    save(torch.jit.script(nn.Linear(3, 3)), tmp_path / "model.pt")
    assert (tmp_path / "model.pt").stat().st_mode == plain.stat().st_mode


def test_saving_in_training_mode_names_what_it_changes() -> None:
    model = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1), nn.BatchNorm1d(2)))
    with pytest.warns(
        ScriptkitWarning, match=r"training mode: `1` \(Dropout\), `2` \(BatchNorm1d\); call `eval\(\)`"
    ) as caught:
        save(model, io.BytesIO())
    assert Path(caught[0].filename).name == Path(__file__).name


def test_a_module_without_such_layers_saves_in_training_mode_silently(tmp_path: Path) -> None:
    save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "model.pt")
    assert load(tmp_path / "model.pt").manifest.training


@pytest.mark.parametrize("metadata", [{"a": object()}, {"a": float("nan")}, {1: {2}}])
def test_metadata_that_json_cannot_say_is_refused(tmp_path: Path, metadata: dict[str, object]) -> None:
    with pytest.raises(ArtifactError, match="the metadata is no JSON"):
        save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "model.pt", metadata=metadata)
    assert not (tmp_path / "model.pt").exists()


def test_example_inputs_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    model = torch.jit.script(models.Scripted().eval())
    with pytest.raises(ArtifactError, match=r"`forward` does not take its example inputs: .* at most 4"):
        save(model, tmp_path / "model.pt", example_inputs=(1, 2, 3, 4))
    with pytest.raises(ArtifactError, match=r"`forward` does not take its example inputs: .*'z'"):
        save(model, tmp_path / "model.pt", example_inputs=(torch.zeros(2, 4),), example_kwargs={"z": 1})
    with pytest.raises(ArtifactError, match="is a tuple of arguments, not a Tensor"):
        save(model, tmp_path / "model.pt", example_inputs=torch.zeros(1))  # type: ignore[arg-type]
    with pytest.raises(ArtifactError, match="name a method `decode`, which the model does not have"):
        save(model, tmp_path / "model.pt", example_inputs={"decode": ()})
    assert not (tmp_path / "model.pt").exists()
