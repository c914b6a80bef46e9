"""Writing: an old file is replaced whole or not at all."""

from __future__ import annotations

import importlib
import io
import os
import signal
import socket
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


# -- what lies at the target ------------------------------------------------------------


def saved_to(target: object) -> None:
    save(torch.jit.script(nn.Linear(3, 3)), target)  # type: ignore[arg-type]


def test_a_symbolic_link_stays_and_its_target_is_replaced(old: Path) -> None:
    link = old.with_name("link.pt")
    link.symlink_to(old.name)
    before = old.read_bytes()
    saved_to(link)
    assert link.is_symlink()
    assert old.read_bytes() != before
    assert load(link).manifest.class_name == "Linear"


def test_a_dangling_link_gets_its_target(tmp_path: Path) -> None:
    (tmp_path / "link.pt").symlink_to("target.pt")
    saved_to(tmp_path / "link.pt")
    assert (tmp_path / "link.pt").is_symlink()
    assert load(tmp_path / "target.pt").manifest.class_name == "Linear"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_left_as_it_is(tmp_path: Path) -> None:
    pipe, socket_path = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_path))
        for path, word in (
            (pipe, "a named pipe"),
            (socket_path, "a socket"),
            (tmp_path, "a folder"),
            ("/dev/null", "a device"),
        ):
            with pytest.raises(ArtifactError, match=f"cannot be written: it is {word}"):
                saved_to(path)
    assert pipe.is_fifo()
    assert socket_path.is_socket()


def test_other_names_of_the_file_are_told(old: Path) -> None:
    os.link(old, old.with_name("other.pt"))
    with pytest.warns(
        ScriptkitWarning, match=r"has 2 names \(hard links\); the others keep the old contents"
    ) as caught:
        saved_to(old)
    [told] = [warning for warning in caught if warning.category is ScriptkitWarning]
    assert Path(told.filename).name == Path(__file__).name
    assert old.read_bytes() != old.with_name("other.pt").read_bytes()


def test_a_name_of_250_letters_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 247 + ".pt")
    saved_to(path)
    assert load(path).manifest.class_name == "Linear"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("target", ["", "a\0b", b"model.pt", None, 3, io.StringIO()])
def test_what_is_no_target_is_refused_in_words(target: object) -> None:
    with pytest.raises(ArtifactError) as caught:
        saved_to(target)
    assert len(str(caught.value)) > 15


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path, root: Path) -> None:
    """And what a living one is writing is left alone."""
    from scriptkit.replacing import replaced

    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); from scriptkit.replacing import replaced\n"
        "with replaced(sys.argv[2]) as stream:\n    stream.write(b'x'); print('ready', flush=True); time.sleep(100)"
    )
    command = [sys.executable, "-c", program, str(root), str(tmp_path / "killed.pt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert len(list(tmp_path.iterdir())) == 1
        saved_to(tmp_path / "one.pt")
        assert len(list(tmp_path.iterdir())) == 2
        writer.kill()
    with replaced(str(tmp_path / "slow.pt")) as stream:
        stream.write(b"slow")
        saved_to(tmp_path / "two.pt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.pt", "slow.pt", "two.pt"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_reader_never_fails_because_of_two_writers(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "model.pt"
    saved_to(path)
    loop = (
        "import sys, torch; sys.path.insert(0, sys.argv[1]); from scriptkit.artifact.saving import save\n"
        "model = torch.jit.script(torch.nn.Linear(3, int(sys.argv[3])))\nfor _ in range(60): save(model, sys.argv[2])"
    )
    writers = [subprocess.Popen([sys.executable, "-c", loop, str(root), str(path), size]) for size in ("3", "4")]
    loads = 0
    while any(writer.poll() is None for writer in writers):
        assert load(path).manifest.class_name == "Linear"
        loads += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert loads
    assert list(tmp_path.iterdir()) == [path]


class Forwards(io.RawIOBase):
    """A stream that goes forward only, as a pipe does."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(memoryview(data))  # type: ignore[arg-type]


def test_a_stream_that_goes_forward_only_gets_the_same_bytes(tmp_path: Path) -> None:
    model, stream, there = torch.jit.script(nn.Linear(300, 300)), Forwards(), io.BytesIO()
    save(model, stream)  # type: ignore[arg-type]
    save(model, there)
    with (tmp_path / "model.pt").open("ab") as appending:
        appending.write(b"before")
        save(model, appending)
    assert stream.data == there.getvalue()
    assert (tmp_path / "model.pt").read_bytes() == b"before" + there.getvalue()


def test_a_model_is_written_from_where_the_stream_stands(tmp_path: Path) -> None:
    model, alone = torch.jit.script(nn.Linear(300, 300)), io.BytesIO()
    save(model, alone)
    with (tmp_path / "model.pt").open("wb") as stream:
        stream.write(b"before")
        save(model, stream)
    assert (tmp_path / "model.pt").read_bytes() == b"before" + alone.getvalue()


def test_classes_whose_names_differ_only_in_case_are_refused(tmp_path: Path) -> None:
    """Torch's archive reader would take the code of one for that of the other."""
    head = "from torch import nn, Tensor\nclass Part(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n"
    text = head + "        return x {}\n"
    for name, what in (("lower_case_part", "+ 1"), ("Lower_Case_Part", "+ 2")):
        (tmp_path / f"{name}.py").write_text(text.format(what))
    sys.path.insert(0, str(tmp_path))
    try:
        parts = [importlib.import_module(name).Part() for name in ("lower_case_part", "Lower_Case_Part")]
    finally:
        sys.path.remove(str(tmp_path))
    with pytest.raises(ArtifactError, match="they differ only in upper case"):
        save(torch.jit.script(nn.Sequential(*parts).eval()), tmp_path / "model.pt")
