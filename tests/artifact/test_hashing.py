"""Hashes made in threads are those made in turn; what a thread raises is raised."""

from __future__ import annotations

import hashlib
import os
import threading

import pytest

from scriptkit.artifact.hashing import Digest, Hasher


def test_digests_of_many_pieces_are_those_of_hashlib() -> None:
    hasher = Hasher()
    texts = [os.urandom(1000) for _ in range(9)]
    digests = [hasher.digest() for _ in texts]
    for begin in range(0, 1000, 100):
        for text, digest in zip(texts, digests, strict=True):
            digest.update(memoryview(text)[begin : begin + 100])
    hasher.finish()
    assert [digest.hexdigest() for digest in digests] == [hashlib.sha256(text).hexdigest() for text in texts]
    hasher.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("scriptkit-hash")]


def test_a_piece_may_be_added_at_once() -> None:
    hasher = Hasher()
    digest = hasher.digest()
    digest.update(memoryview(b"ab"))
    hasher.finish()
    digest.update_now(memoryview(b"cd"))
    assert digest.hexdigest() == hashlib.sha256(b"abcd").hexdigest()
    hasher.close()


def test_where_nobody_tells_the_number_of_cores_there_are_two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    hasher = Hasher()
    hasher.digest()
    assert len(hasher._threads) == 2
    hasher.close()


def test_what_a_thread_raises_is_raised_when_it_is_waited_for() -> None:
    hasher = Hasher()
    digest = hasher.digest()
    assert isinstance(digest, Digest)
    digest.update("no bytes")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        hasher.finish()
    hasher.close()
