"""Who wrote a file: an Ed25519 signature over its manifest, which holds the checksums of everything else.

Without one a manifest proves that nothing was changed by accident; whoever writes a file writes its checksums. The keys
are those of the `cryptography` package (`pip install scriptkit[sign]`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from types import ModuleType

_CONTEXT = b"scriptkit model file\0manifest\0"
"""Signed too, so that a signature for something else is none for a file."""
_SIGNATURE = re.compile(rb"ed25519 ([0-9a-f]{64}) ([0-9a-f]{128})\n")


def signature(manifest: bytes, key: object) -> bytes:
    """The contents of the signature entry: the public key, and the signature of the manifest.

    `key` is an `Ed25519PrivateKey` of cryptography, or what `private_bytes` gives of one: PEM, or 32 raw bytes.
    """
    private = _private(key)
    raw = _cryptography().Encoding.Raw
    public = private.public_key().public_bytes(raw, _cryptography().PublicFormat.Raw)
    return f"ed25519 {public.hex()} {private.sign(_CONTEXT + manifest).hex()}\n".encode()


def is_signature(data: bytes) -> bool:
    """Whether an entry has the one form of a signature."""
    return _SIGNATURE.fullmatch(data) is not None


def check_signature(manifest: bytes, entry: bytes | None, keys: object) -> None:
    """Raise ArtifactError unless one of the public keys signed the manifest.

    A key is an `Ed25519PublicKey` of cryptography, or what `public_bytes` gives of one: PEM, or 32 raw bytes.
    """
    given = list(keys) if isinstance(keys, (list, tuple, set, frozenset)) else [keys]
    if entry is None:
        raise ArtifactError("the file is not signed; `signed_by=None` loads it, whoever wrote it")
    found = _SIGNATURE.fullmatch(entry)
    if found is None:
        raise ArtifactError("the signature of the file is damaged")
    signed = bytes.fromhex(found[2].decode())
    if not any(_has_signed(_public(key), signed, manifest) for key in given):
        message = f"the file is not signed by the given key{'s' * (len(given) > 1)}, or was changed after it was signed"
        raise ArtifactError(message)


def _has_signed(public: Any, signed: bytes, manifest: bytes) -> bool:
    try:
        public.verify(signed, _CONTEXT + manifest)
    except _cryptography().InvalidSignature:
        return False
    return True


def _private(key: object) -> Any:
    names = _cryptography()
    if isinstance(key, names.Ed25519PrivateKey):
        return key
    if isinstance(key, bytes):
        try:
            if len(key) == _RAW:
                return names.Ed25519PrivateKey.from_private_bytes(key)
            loaded = names.load_pem_private_key(key, None)
        except (ValueError, TypeError) as error:
            raise ArtifactError(f"`sign_with` is no Ed25519 private key: {error}") from error
        if isinstance(loaded, names.Ed25519PrivateKey):
            return loaded
    raise ArtifactError(f"`sign_with` is an Ed25519 private key, its PEM or its 32 bytes, not {_shown(key)}")


def _public(key: object) -> Any:
    names = _cryptography()
    if isinstance(key, names.Ed25519PublicKey):
        return key
    if isinstance(key, bytes):
        try:
            if len(key) == _RAW:
                return names.Ed25519PublicKey.from_public_bytes(key)
            loaded = names.load_pem_public_key(key)
        except (ValueError, TypeError) as error:
            raise ArtifactError(f"`signed_by` is no Ed25519 public key: {error}") from error
        if isinstance(loaded, names.Ed25519PublicKey):
            return loaded
    raise ArtifactError(f"`signed_by` is an Ed25519 public key, its PEM or its 32 bytes, not {_shown(key)}")


_RAW = 32


def _shown(key: object) -> str:
    """What was given instead of a key; never its contents."""
    return f"a {type(key).__name__}"


class _Names:
    """What is used of cryptography, which is imported only where files are signed."""

    def __init__(self, ed25519: ModuleType, serialization: ModuleType, exceptions: ModuleType) -> None:
        self.Ed25519PrivateKey = ed25519.Ed25519PrivateKey
        self.Ed25519PublicKey = ed25519.Ed25519PublicKey
        self.load_pem_private_key = serialization.load_pem_private_key
        self.load_pem_public_key = serialization.load_pem_public_key
        self.Encoding, self.PublicFormat = serialization.Encoding, serialization.PublicFormat
        self.InvalidSignature = exceptions.InvalidSignature


def _cryptography() -> _Names:
    try:
        from cryptography import exceptions
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        message = "signed files need the `cryptography` package: `pip install scriptkit[sign]`"
        raise ArtifactError(message) from error
    return _Names(ed25519, serialization, exceptions)
