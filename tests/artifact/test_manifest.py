"""The manifest: its published schema, and files of other versions."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.artifact.literals import literal_text, literal_value
from scriptkit.artifact.manifest import MANIFEST_VERSION, read_manifest
from scriptkit.errors import ArtifactError
from tools.manifest_schema import SCHEMA, schema_text

DATA = Path(__file__).parent / "data"


def test_the_published_schema_is_the_one_that_is_written() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run python -m tools.manifest_schema"


# torch 2.13 wrote that file: an older one says so
of_a_newer_torch = pytest.mark.filterwarnings("ignore:the file was written by torch")


@of_a_newer_torch
def test_a_file_of_version_1_0_loads() -> None:
    """Written before results were recorded."""
    loaded = scriptkit.load(DATA / "manifest-1.0.pt")
    assert loaded.manifest.manifest_version == "1.0"
    assert MANIFEST_VERSION != "1.0"
    assert loaded.manifest.method("forward").result is None
    assert loaded.manifest.metadata == {"made by": "manifest version 1.0"}
    assert loaded(torch.tensor([[10.0, 1.0]])).tolist() == [[24.0]]


def test_results_are_described() -> None:
    stream = io.BytesIO()
    scriptkit.save(torch.jit.script(nn.Linear(2, 3)), stream, example_inputs=(torch.zeros(5, 2),))
    result = scriptkit.load(io.BytesIO(stream.getvalue())).manifest.method("forward").result
    assert result is not None
    assert result.model_dump()["shape"] == [5, 3]


@of_a_newer_torch
def test_it_is_read_back_as_it_was_written() -> None:
    manifest = scriptkit.load(DATA / "manifest-1.0.pt").manifest
    assert read_manifest(manifest.to_bytes()) == manifest
    assert read_manifest(manifest.to_bytes()).to_bytes() == manifest.to_bytes()


@pytest.mark.filterwarnings("ignore:the file was written by torch")  # and so it was, where torch is older
def test_a_method_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="decode"):
        scriptkit.load(DATA / "manifest-1.0.pt").manifest.method("decode")


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "[" * 100_000, '{"manifest_version": "1.0"}'])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(ArtifactError, match="the manifest"):
        read_manifest(text.encode())


VALUES = [
    *(None, True, 3, -1, 0.1, float("inf"), -float("inf"), 1j, "a'b\n", [], (), (1,), (1, "a"), {"a": [1.5, None]}),
    torch.device("cuda:1"),
    [(1, {2: (True,)})],
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_survives_as_a_literal(value: object) -> None:
    found = literal_value(json.loads(json.dumps(literal_text(value))))
    assert found == value
    assert type(found) is type(value)


def test_a_value_without_a_literal_is_an_error() -> None:
    with pytest.raises(ArtifactError, match="a set has no literal"):
        literal_text({1})
