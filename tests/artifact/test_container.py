"""The container is an ordinary zip file with one byte form, in which nothing can hide."""

from __future__ import annotations

import io
import zipfile

import pytest

from scriptkit.artifact import container
from scriptkit.artifact.container import Container, container_bytes
from scriptkit.errors import ArtifactError

CONTENTS = {"version": b"3\n", "data/0": bytes(range(100)), "é": b"", "data/1": b"x" * 1000}


def test_any_zip_reader_reads_it() -> None:
    with zipfile.ZipFile(io.BytesIO(container_bytes(CONTENTS))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(f"archive/{name}") for name in CONTENTS} == CONTENTS


def test_every_entry_begins_at_a_multiple_of_64_bytes() -> None:
    read = Container(io.BytesIO(container_bytes(CONTENTS)))
    assert [entry.start % 64 for entry in read.entries.values()] == [0] * len(CONTENTS)


def test_entries_beyond_four_gigabytes_use_the_large_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any zip reader takes the large form at any size, so a low limit shows that it is right."""
    small = container_bytes(CONTENTS)
    monkeypatch.setattr(container, "_is_large", lambda _number: True)
    large = container_bytes(CONTENTS)
    assert len(large) > len(small)
    with zipfile.ZipFile(io.BytesIO(large)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(f"archive/{name}") for name in CONTENTS} == CONTENTS
    assert Container(io.BytesIO(large)).read("data/1") == CONTENTS["data/1"]


def test_a_compressed_entry_is_refused_before_it_is_expanded() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/bomb", bytes(1 << 24))
    with pytest.raises(ArtifactError, match=r"`bomb` is compressed to \d+ of 16777216 bytes"):
        Container(stream)


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(ArtifactError, match="bytes were added after the end"):
        Container(io.BytesIO(container_bytes(CONTENTS) + b"\0"))


def test_bytes_before_the_beginning_are_refused() -> None:
    with pytest.raises(ArtifactError, match="the header of `version` was changed"):
        Container(io.BytesIO(bytes(64) + container_bytes(CONTENTS)))


def test_a_name_that_is_present_twice_is_refused() -> None:
    stream = io.BytesIO()
    container.write_container(stream, [("a", b"1"), ("a", b"2")])
    with pytest.raises(ArtifactError, match="present twice"):
        Container(stream)


def test_changed_contents_are_named() -> None:
    data = container_bytes(CONTENTS).replace(bytes(range(100)), bytes(99) + b"!")
    with pytest.raises(ArtifactError, match="`data/0` is damaged"):
        Container(io.BytesIO(data)).read("data/0")
