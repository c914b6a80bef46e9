"""Modules whose constructor chose their methods: `self.forward = self.forward_lstm`, `self.act = self._gelu`.

The compiler compiles what a class has. So such an instance is seen as one of a subclass that has the chosen methods
under the names by which they are called; the instance and its class stay as they are.
"""

from __future__ import annotations

import abc
import weakref
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final, cast

from scriptkit.engines.torchscript.lifting.declared import exported_methods
from scriptkit.engines.torchscript.lifting.lifted_class import EXPORTED_HERE, user_classes

if TYPE_CHECKING:
    from torch import nn

_Chosen = tuple[tuple[str, FunctionType], ...]
_seen_as: Final[weakref.WeakKeyDictionary[type, dict[_Chosen, type]]] = weakref.WeakKeyDictionary()


def is_chosen(module: nn.Module, value: object) -> bool:
    """Whether a value is a method of the module's own class, bound to this very module."""
    if type(value) is not MethodType or value.__self__ is not module:
        return False
    function = value.__func__
    if not isinstance(function, FunctionType):
        return False
    return any(vars(cls).get(function.__name__) is function for cls in user_classes(type(module)))


def chosen_methods(module: nn.Module) -> dict[str, FunctionType]:
    """The methods that a module has under another name, or in the place of another one."""
    bound = {name: value for name, value in module.__dict__.items() if type(value) is MethodType}
    return {name: cast("FunctionType", value.__func__) for name, value in bound.items() if is_chosen(module, value)}


def class_with_chosen(module: nn.Module, cls: type) -> type:
    """`cls`, the class of a module; with the methods that the module chose for itself, where it did."""
    chosen = tuple(sorted(chosen_methods(module).items()))
    if not chosen:
        return cls
    known = _seen_as.setdefault(cls, {})
    if chosen not in known:
        known[chosen] = _subclass(cls, dict(chosen))
    return known[chosen]


class _Quiet:
    """Before the bases of a class that nobody wrote: no base hears of it."""

    def __init_subclass__(cls, **_: Any) -> None:
        """Say nothing to `__init_subclass__` of the user's, which may keep a list of subclasses."""


def _subclass(cls: type, chosen: dict[str, FunctionType]) -> type:
    exported = frozenset(chosen) & frozenset(exported_methods(cls))
    namespace: dict[str, Any] = {**chosen, EXPORTED_HERE: exported}
    namespace.update((name, getattr(cls, name)) for name in ("__module__", "__qualname__"))
    meta: Any = abc.ABCMeta if isinstance(cls, abc.ABCMeta) else type
    made: type = meta.__new__(type(cls), cls.__name__, (_Quiet, cls), namespace)  # no metaclass of the user's hears it
    return made
