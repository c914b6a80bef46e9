"""Signed files: who wrote a file is proven, or it is refused."""

from __future__ import annotations

import builtins
import io
from typing import Any

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.artifact.container import Container, container_bytes
from scriptkit.artifact.entry_names import SIGNATURE_ENTRY
from scriptkit.errors import ArtifactError

cryptography = pytest.importorskip("cryptography")
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa  # noqa: E402

KEY, OTHER = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()


def signed(key: object = KEY, bias: float = 0.0) -> bytes:
    """The file of a layer."""
    layer = nn.Linear(2, 2)
    nn.init.constant_(layer.bias, bias)
    stream = io.BytesIO()
    scriptkit.save(torch.jit.script(layer), stream, sign_with=key)
    return stream.getvalue()


def contents_of(data: bytes) -> dict[str, bytes]:
    container = Container(io.BytesIO(data))
    return {name: container.read(name) for name in container.entries}


def refused(data: bytes, signed_by: Any) -> str:
    with pytest.raises(ArtifactError) as caught:
        scriptkit.load(io.BytesIO(data), signed_by=signed_by)
    return str(caught.value)


def test_a_signed_file_loads_for_its_key() -> None:
    data = signed()
    for keys in (PUBLIC, [OTHER.public_key(), PUBLIC], None):
        assert scriptkit.load(io.BytesIO(data), signed_by=keys).manifest.class_name == "Linear"


def test_keys_may_be_texts_and_bytes() -> None:
    pem = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    raw = PUBLIC.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    for data in (signed(pem), signed(KEY.private_bytes_raw())):
        for key in (public, raw):
            scriptkit.load(io.BytesIO(data), signed_by=key)


def test_a_file_of_somebody_else_is_refused() -> None:
    assert "is not signed by the given key, or was changed" in refused(signed(OTHER), PUBLIC)


def test_a_file_without_a_signature_is_refused() -> None:
    assert "the file is not signed" in refused(signed(None), PUBLIC)


def test_a_file_of_torch_is_refused() -> None:
    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), stream)
    with pytest.raises(ArtifactError, match="no signature either"):
        scriptkit.load(io.BytesIO(stream.getvalue()), strict=False, signed_by=PUBLIC)


def test_the_signature_of_another_file_is_refused() -> None:
    one, two = contents_of(signed(bias=1.0)), contents_of(signed(bias=2.0))
    forged = container_bytes(one | {SIGNATURE_ENTRY: two[SIGNATURE_ENTRY]})
    assert "or was changed after it was signed" in refused(forged, PUBLIC)


def test_a_changed_tensor_of_a_signed_file_is_refused() -> None:
    contents = contents_of(signed())
    contents["data/0"] = bytes(len(contents["data/0"]))
    assert "`data/0` (weight) was changed" in refused(container_bytes(contents), PUBLIC)


@pytest.mark.parametrize("entry", [b"", b"ed25519 ", b"x" * 200, b"ed25519 " + b"0" * 64 + b" " + b"0" * 127])
def test_a_damaged_signature_is_refused(entry: bytes) -> None:
    data = container_bytes(contents_of(signed()) | {SIGNATURE_ENTRY: entry})
    assert "the signature of the file is damaged" in refused(data, PUBLIC)
    assert "the signature of the file is damaged" in refused(data, None)


@pytest.mark.parametrize("key", ["a text", 3, b"short", b"-----BEGIN PRIVATE KEY-----", object()])
def test_what_is_no_key_is_refused(key: object) -> None:
    with pytest.raises(ArtifactError, match="`sign_with` is"):
        signed(key)
    assert "`signed_by` is" in refused(signed(), key)


def test_a_key_of_another_kind_is_refused() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(ArtifactError, match="`sign_with` is an Ed25519 private key"):
        signed(other)


def test_the_same_model_and_key_give_the_same_bytes() -> None:
    torch.manual_seed(0)
    first = signed()
    torch.manual_seed(0)
    assert signed() == first


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    importing = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return importing(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ArtifactError, match=r"pip install scriptkit\[sign\]"):
        signed()
