"""A damaged file is refused, saying what is wrong with it, or it is proven to be the same model."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
from torch import nn

from scriptkit.artifact.container import Container, container_bytes
from scriptkit.artifact.manifest import MANIFEST_ENTRY
from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError
from tests.artifact import models
from tests.artifact.conftest import Saved


@pytest.fixture(scope="module")
def data(saved: Mapping[str, Saved]) -> bytes:
    """A file of less than 100 KB."""
    found = saved["scripted"].path.read_bytes()
    assert len(found) < 100_000
    return found


def contents_of(data: bytes) -> dict[str, bytes]:
    container = Container(io.BytesIO(data))
    return {name: container.read(name) for name in container.entries}


def assert_refused(data: bytes, *, strict: bool = True) -> str:
    with pytest.raises(ArtifactError) as caught:
        load(io.BytesIO(data), strict=strict)
    assert len(str(caught.value)) > 20
    return str(caught.value)


def test_a_flipped_byte_is_refused(data: bytes) -> None:
    """Every 97th byte of the file, in turn."""
    for place in range(0, len(data), 97):
        assert_refused(data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :])


def test_a_flipped_bit_is_refused_or_harmless_without_strictness(data: bytes) -> None:
    """`strict=False` is no way round the checks: only a file that lost its manifest is taken for one of torch's."""
    expected = load(io.BytesIO(data)).state_dict()
    generator = random.Random(0)
    for place in (generator.randrange(len(data)) for _ in range(200)):
        flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            loaded = load(io.BytesIO(flipped), strict=False)
        except ArtifactError:
            continue
        assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in expected.items())


def test_a_truncated_file_is_refused(data: bytes) -> None:
    for place in range(0, len(data), len(data) // 50):
        assert_refused(data[:place])
    assert_refused(data[:-1])


def without(contents: dict[str, bytes]) -> Iterator[tuple[str, dict[str, bytes]]]:
    for name in contents:
        yield name, {other: value for other, value in contents.items() if other != name}


def test_a_missing_entry_is_named(data: bytes) -> None:
    for name, fewer in without(contents_of(data)):
        message = assert_refused(container_bytes(fewer))
        assert (name in message) or (name == MANIFEST_ENTRY and "no scriptkit manifest" in message)


def test_a_duplicated_entry_is_refused(data: bytes) -> None:
    for name in contents_of(data):
        stream = io.BytesIO(data)
        with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(f"archive/{name}", b"other contents")
        assert_refused(stream.getvalue())
        assert_refused(stream.getvalue(), strict=False)


def test_an_added_entry_is_named(data: bytes) -> None:
    assert "unknown: code/__torch__/extra.py" in assert_refused(
        container_bytes(contents_of(data) | {"code/__torch__/extra.py": b""})
    )


def test_an_entry_appended_by_a_zip_tool_is_refused(data: bytes) -> None:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("archive/extra/notes.txt", b"hello")
    assert_refused(stream.getvalue())


def test_a_changed_tensor_with_a_right_crc_is_named(data: bytes) -> None:
    contents = contents_of(data)
    contents["data/0"] = bytes(len(contents["data/0"]))
    assert "`data/0` (first.linear.weight) was changed" in assert_refused(container_bytes(contents))


def test_changed_code_is_named(data: bytes) -> None:
    contents = contents_of(data)
    name = next(name for name in contents if name.endswith("models.py"))
    contents[name] = contents[name].replace(b"torch.mul", b"torch.div")
    assert f"`{name}` was changed" in assert_refused(container_bytes(contents))


def test_the_entries_repacked_by_a_zip_tool_are_refused(data: bytes) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in contents_of(data).items():
            archive.writestr(f"archive/{name}", value)
    assert "is compressed" in assert_refused(stream.getvalue())


def test_a_decompression_bomb_is_refused_without_strictness() -> None:
    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(models.Listed()), stream)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(200 << 20))
    message = assert_refused(stream.getvalue(), strict=False)
    assert "would expand from" in message
    assert "to 209715200 bytes" in message


@pytest.mark.parametrize("junk", [b"", b"PK\5\6", b"hello" * 100, bytes(100)])
def test_what_is_no_model_file_is_refused(junk: bytes) -> None:
    assert "is no TorchScript file" in assert_refused(junk)
    assert "is no TorchScript file" in assert_refused(junk, strict=False)


def test_a_pickled_checkpoint_is_refused() -> None:
    stream = io.BytesIO()
    torch.save({"weight": torch.zeros(2)}, stream)
    assert_refused(stream.getvalue())
    assert "is no TorchScript file" in assert_refused(stream.getvalue(), strict=False)


def test_a_missing_file_is_an_artifact_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"nothing.pt` cannot be read: No such file"):
        load(tmp_path / "nothing.pt")


def test_a_file_that_is_replaced_while_it_is_loaded_is_the_one_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was opened is loaded, whatever lies at the path by then."""
    path: Path = tmp_path / "model.pt"
    save(torch.jit.script(models.Listed()), path)
    loading = files.load_archive

    def replacing(archive: object, device: torch.device | None) -> files.Loaded:
        monkeypatch.undo()
        save(torch.jit.script(models.Words()), path)
        return loading(archive, device)

    monkeypatch.setattr(files, "load_archive", replacing)
    assert load(path).manifest.class_name == "Listed"
    assert load(path).manifest.class_name == "Words"


@pytest.mark.parametrize("change", ["other bytes", "cut off"])
def test_a_file_that_changes_in_place_while_it_is_loaded_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """The elements of tensors are hashed as torch reads them: not before, when they may still change."""
    path: Path = tmp_path / "model.pt"
    save(torch.jit.script(nn.Linear(100, 100)), path)
    with path.open("rb") as stream:
        start = Container(stream).entries["data/0"].start
    loading = files.load_archive

    def changing(archive: object, device: torch.device | None) -> files.Loaded:
        with path.open("r+b") as file:
            file.seek(start + 20_000)
            file.write(b"other") if change == "other bytes" else file.truncate()
        return loading(archive, device)

    monkeypatch.setattr(files, "load_archive", changing)
    says = r"`data/0` \(weight\) was changed" if change == "other bytes" else "`data/0` ends too early"
    with pytest.raises(ArtifactError, match=says):
        load(path)
