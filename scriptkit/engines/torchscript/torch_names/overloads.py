"""Overloaded methods, looked for by torch in classes that have some only, while scriptkit compiles.

For each module of a tree torch looks at every name of its class for overloads (`torch.jit._overload_method`): three
quarters of the time it takes to tell a hundred equal children apart. Overloads are declared by the name of their class,
so a class whose name stands nowhere among them has none, and there is nothing to look for.
"""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from torch.jit import _recursive

from scriptkit.engines.torchscript.torch_names.table import PRIVATE_NAMES, look_up

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = "overloads of a module", "overloads that were declared"
_recursive_: Any = _recursive  # `get_overload_annotations` in it is exchanged while scriptkit compiles
_look_for, _declared = map(look_up, _NAMES)
_IS_KNOWN = all(PRIVATE_NAMES[name].exists for name in _NAMES)
_cached_properties: WeakKeyDictionary[type, tuple[str, ...]] = WeakKeyDictionary()


def _where_there_are_some(module: Any, ignored: Any) -> Any:
    """What torch's own function gives, without the search where it finds nothing.

    The search reads every attribute, and so computes what is cached when it is read: attributes from then on.
    """
    for name in _cached_when_read(type(module)):
        getattr(module, name, None)
    if any(type(module).__name__ in classes for classes in _declared.values()):
        return _look_for(module, ignored)
    return {}


def _cached_when_read(cls: type) -> tuple[str, ...]:
    if cls not in _cached_properties:
        members = ((name, value) for base in cls.__mro__ for name, value in vars(base).items())
        _cached_properties[cls] = tuple(name for name, value in members if isinstance(value, cached_property))
    return _cached_properties[cls]


@contextlib.contextmanager
def looked_for_where_there_are_some() -> Iterator[None]:
    """Let torch ask the quick way; call this under the compile lock."""
    if not _IS_KNOWN:
        yield
        return
    before = _recursive_.get_overload_annotations
    _recursive_.get_overload_annotations = _where_there_are_some
    try:
        yield
    finally:
        _recursive_.get_overload_annotations = before
