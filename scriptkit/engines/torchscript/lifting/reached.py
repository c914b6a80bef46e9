"""What compiled code of a tree can reach, by name: from `forward`, exported methods and properties on.

Mixins bring attributes of their own, for methods that stay in Python: what they declare is none of the compiler's
business.
"""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import TYPE_CHECKING, Final

from scriptkit.engines.torchscript.lifting.function_source import names_in
from scriptkit.engines.torchscript.torch_names import private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OF_PYTHON: Final = frozenset(
    "__call__ __class_getitem__ __copy__ __deepcopy__ __del__ __delattr__ __dir__ __getattr__ __getattribute__ "
    "__getstate__ __init__ __init_subclass__ __new__ __reduce__ __reduce_ex__ __repr__ __setattr__ __setstate__ "
    "__str__".split()
)


def reached_names(classes: Iterable[type]) -> frozenset[str]:
    """Every name that compiled code of these classes mentions; methods are told apart by name only."""
    mentions: dict[str, set[str]] = {}
    waiting = {"forward"}
    for cls in {base for one in classes for base in one.__mro__}:
        for name, function, is_entry in _functions(cls):
            mentions.setdefault(name, set()).update(names_in(inspect.unwrap(function).__code__))
            if is_entry:
                waiting.add(name)
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting |= mentions.get(name, set()) - reached
    return frozenset(reached)


def _functions(cls: type) -> Iterator[tuple[str, FunctionType, bool]]:
    """The functions of a class that may be compiled, and whether the compiler begins with them."""
    if cls.__module__.partition(".")[0] in {"torch", "builtins"}:
        return
    for name, value in vars(cls).items():
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if not isinstance(function, FunctionType) or name in _OF_PYTHON:
            continue
        if not isinstance(inspect.unwrap(function), FunctionType):
            continue
        is_exported = private.modifier(function) == private.FunctionModifiers.EXPORT
        yield name, function, is_exported or isinstance(value, property) or name.startswith("__")
