"""`@ignore`d methods: compiled code hands them torch's wrapper of the C++ module; they want the user's own object."""

from __future__ import annotations

import functools
import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from scriptkit.engines.torchscript.lifting.annotations import resolved_signature
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.live.type_aliases import for_compiler

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

    import torch


class StatefulTwin(Protocol):
    """The part of a twin that keeps Python and C++ state alike."""

    def pull_back(self) -> None:
        """Copy what compiled code wrote so far to the Python objects."""

    def bind(self) -> bool:
        """Copy what Python changed to the C++ module."""


class _Owners:
    """From a C++ module to the user's object behind it, for twins whose code calls ignored methods."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[Any, tuple[weakref.ref[torch.nn.Module], weakref.ref[StatefulTwin]]] = {}

    def enter(self, cpp_module: Any, owner: torch.nn.Module, twin: StatefulTwin) -> None:
        """Remember the owner as long as the twin lives."""
        with self._lock:
            self._owners[cpp_module] = (weakref.ref(owner), weakref.ref(twin))
        weakref.finalize(twin, self._owners.pop, cpp_module, None)

    def of(self, script_module: Any) -> tuple[torch.nn.Module, StatefulTwin] | None:
        """The owner and the twin of the module that an ignored method got as `self`."""
        owner, twin = self._owners.get(getattr(script_module, "_c", None), (_nothing, _nothing))
        found, its_twin = owner(), twin()
        return None if found is None or its_twin is None else (found, its_twin)


def _nothing() -> None: ...


owners = _Owners()


class _Pending(threading.local):
    """The exception an ignored method raised: it comes back from C++ as text only."""

    error: BaseException | None = None


pending = _Pending()


def hand_user_object(function: FunctionType) -> Callable[..., Any]:
    """An ignored or unused method that gets the user's object as `self`, with all state written so far."""

    @functools.wraps(function)
    def with_user_object(self: Any, *args: Any) -> Any:
        found = owners.of(self)
        try:
            return function(self, *args) if found is None else _call_between(function, found, args)
        except BaseException as error:
            pending.error = error
            raise

    del with_user_object.__wrapped__
    with_user_object.__signature__ = resolved_signature(function, for_compiler)  # type: ignore[attr-defined]
    with_user_object.__annotations__ = {}
    setattr(with_user_object, "_torchscript_modifier", private.modifier(function))  # noqa: B010 - torch's mark
    return with_user_object


def _call_between(function: FunctionType, found: tuple[torch.nn.Module, StatefulTwin], args: tuple[Any, ...]) -> Any:
    """Call a Python method in the middle of compiled code: both sides see the same state."""
    owner, twin = found
    twin.pull_back()
    try:
        return function(owner, *args)
    finally:
        twin.bind()
