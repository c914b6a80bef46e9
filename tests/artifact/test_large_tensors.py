"""Large tensors are hashed by a thread while they are read; another byte than the manifest speaks of is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from torch import nn

from scriptkit.artifact import sealed
from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.errors import ArtifactError


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_WORTH_A_THREAD", 1 << 10)
    monkeypatch.setattr(sealed, "CHUNK", 1 << 9)


def written(path: Path) -> nn.Module:
    model = nn.Sequential(nn.Linear(40, 40), nn.Linear(40, 3))
    save(torch.jit.script(model), path)
    return model


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("map_location", [None, "cpu", "meta"])
def test_what_is_read_in_pieces_is_what_was_written(map_location: str | None, tmp_path: Path) -> None:
    model = written(tmp_path / "m.pt")
    loaded = load(tmp_path / "m.pt", map_location=map_location)
    if map_location != "meta":
        x = torch.rand(2, 40)
        assert torch.equal(loaded(x), model(x))


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("where", [0.3, 0.9])
def test_another_byte_in_any_piece_is_noticed(where: float, tmp_path: Path) -> None:
    model = written(tmp_path / "m.pt")
    weight = next(model.parameters()).detach().numpy().tobytes()
    data = bytearray((tmp_path / "m.pt").read_bytes())
    place = data.index(weight[:64]) + int(len(weight) * where)
    data[place] ^= 1
    with pytest.raises(ArtifactError, match=r"\(0\.weight\) was changed: it does not match its SHA-256"):
        load(io.BytesIO(bytes(data)))


def test_an_archive_is_a_file_to_torch() -> None:
    archive = sealed.SealedArchive({"data.pkl": b"x"}, {})
    assert archive.readable()
    assert archive.seekable()
    assert not archive.writable()
