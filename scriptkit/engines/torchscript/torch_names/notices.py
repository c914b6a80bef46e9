"""Torch's notices, kept from people who called scriptkit: that `torch.jit` is deprecated, and what it thinks of a tree.

The compiler calls `torch.jit.script` itself for every function it meets, and that warns on each call (a
`DeprecationWarning` in torch 2.13, a `FutureWarning` from 2.14 on). `warnings.catch_warnings` would change the filters
of every thread and, entered by two threads, leave them changed. Here the modules of `torch.jit` see another `warnings`
while scriptkit compiles: one that is silent in this thread, and tells every other thread what it told before.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from typing import TYPE_CHECKING, Any

from torch.jit import _check, _recursive, _script
from torch.jit import annotations as _annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPEAKERS: tuple[Any, ...] = (_script, _recursive, _check, _annotations)


class _Silence:
    """What a module of torch takes for `warnings`."""

    def __init__(self, thread: int) -> None:
        self._thread = thread

    def warn(
        self, message: Any, category: type[Warning] | None = None, stacklevel: int = 1, *more: Any, **options: Any
    ) -> None:
        """Nothing in the thread that compiles."""
        if threading.get_ident() != self._thread:
            warnings.warn(message, category, stacklevel + 1, *more, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(warnings, name)


@contextlib.contextmanager
def without_notices() -> Iterator[None]:
    """Let torch compile in silence; call this under the compile lock."""
    before = [speaker.warnings for speaker in _SPEAKERS]
    silence = _Silence(threading.get_ident())
    try:
        for speaker in _SPEAKERS:
            speaker.warnings = silence
        yield
    finally:
        for speaker, own in zip(_SPEAKERS, before, strict=True):
            speaker.warnings = own
