"""A file takes the place of another whole or not at all, also where locks are missing or another process interferes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from scriptkit import replacing

_PART = ".x.0123456789ab.scriptkit-part"


def write(target: Path, data: bytes = b"new") -> None:
    with replacing.replaced(str(target)) as stream:
        stream.write(data)


def without_locks(_: int, __: int) -> None:
    raise OSError(95, "not supported")


@pytest.mark.parametrize("fcntl", [None, SimpleNamespace(flock=without_locks, LOCK_EX=2, LOCK_NB=4)])
def test_a_system_without_locks_replaces_too(tmp_path: Path, fcntl: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be another process's part is left alone there: nothing tells whether it still writes."""
    monkeypatch.setattr(replacing, "fcntl", fcntl)
    target, part = tmp_path / "x", tmp_path / _PART
    target.write_bytes(b"old")
    target.chmod(0o640)
    part.write_bytes(b"half")
    write(target)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == [_PART, "x"]


def test_what_another_process_locks_first_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [False, False, True]
    monkeypatch.setattr(replacing, "_lock", lambda _: answers.pop(0))
    write(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert not answers


def test_what_is_always_taken_away_is_an_error_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")

    def taken(*_: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(fcntl, "flock", taken)
    with pytest.raises(OSError, match="another process removes what is being written beside it"):
        write(tmp_path / "x")
    assert not (tmp_path / "x").exists()
