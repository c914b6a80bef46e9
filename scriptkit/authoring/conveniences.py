"""`m.code`, `m.graph`, `m.save`, `m.eager`: they give way to anything a user calls by these names."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable


_REGISTRATIONS: Final = frozenset(
    method.__code__
    for method in (torch.nn.Module.register_buffer, torch.nn.Module.register_parameter, torch.nn.Module.add_module)
)


class Convenience:
    """A non-data descriptor that exists only where the user has nothing of its name.

    Instance attributes and class attributes win by Python's own rules; members that torch keeps in dictionaries of its
    own are looked up first; and `register_buffer` and its sisters, which refuse a name that exists, do not see it.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        for members in (instance._modules, instance._buffers, instance._parameters):
            if self._name in members:
                return members[self._name]
        if sys._getframe(1).f_code in _REGISTRATIONS:
            raise AttributeError(self._name)
        return self._make(instance)


def save(module: torch.nn.Module) -> Any:
    """`m.save(path)`: write a file that any TorchScript runtime loads."""
    from scriptkit.artifact.saving import save as save_module

    return functools.partial(save_module, module)
