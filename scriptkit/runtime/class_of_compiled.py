"""The class of a compiled module: one for each class it is made from, with its name and the signature of its `forward`.

Other tools read them from the class: `torch.fx` asks its `forward` for the parameters, summaries and counters of
operations call a module by the name of its class.
"""

from __future__ import annotations

import functools
import types
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

from torch import nn

from scriptkit.engines.torchscript.engine.making import exported_methods

if TYPE_CHECKING:
    from collections.abc import Callable

C = TypeVar("C", bound=type)

_made: weakref.WeakValueDictionary[tuple[type, int], type] = weakref.WeakValueDictionary()


def class_for(compiled: C, source: type) -> C:
    """The subclass of `compiled` for modules of class `source`."""
    known: Any = _made.get((compiled, id(source)))
    if known is not None and _is_of(known, source):
        found: C = known
        return found
    made: Any = type(compiled)(source.__name__, (compiled,), _namespace(compiled, source))
    _made[compiled, id(source)] = made
    return made  # type: ignore[no-any-return]


def _is_of(made: Any, source: type) -> bool:
    """Whether a class was made for this one, and its `forward` is still the same: ids are given again."""
    return made.__scriptkit_made_for__() is source and made.__dict__.get("__wrapped_forward__") is _forward_of(source)


def _forward_of(source: type) -> types.FunctionType | None:
    forward = getattr(source, "forward", None)
    return forward if isinstance(forward, types.FunctionType) else None


def _namespace(compiled: Any, source: type) -> dict[str, Any]:
    inherited = compiled.forward

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        return inherited(self, *args, **kwargs)

    written = _forward_of(source)
    hidden = [name for name in exported_methods(source) if hasattr(nn.Module, name) and name not in vars(compiled)]
    return {
        **{name: _exported(name, getattr(source, name)) for name in hidden if name != "forward"},
        "__module__": compiled.__module__,
        "__qualname__": source.__qualname__,
        "__doc__": source.__doc__,
        "__scriptkit_made_for__": weakref.ref(source),
        "__wrapped_forward__": written,
        "forward": functools.update_wrapper(forward, written) if written is not None else inherited,
    }


def _exported(name: str, written: Callable[..., Any]) -> Callable[..., Any]:
    """An exported method that is called as one of torch's modules is (`double`): nobody would ask the source for it."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.__getattr__(name)(*args, **kwargs)

    return functools.update_wrapper(method, written)
