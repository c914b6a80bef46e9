"""Modules that are alike to the compiler: what it says of one it says of all, so that one of each kind is asked."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from scriptkit.live.marks import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from torch import nn

T = TypeVar("T")


class Alike:
    """Remembers answers by the kind of a module, for as long as one plan is made."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Any] = {}
        self._asked: list[nn.Module] = []  # a kind may hold ids, which are good while their objects live

    def answer(self, question: str, module: nn.Module, ask: Callable[[nn.Module], T]) -> T:
        """What was said of an equal module, else what `ask` says."""
        key = question, kind_of(module)
        if key not in self._answers:
            self._asked.append(module)
            self._answers[key] = ask(module)
        found: T = self._answers[key]
        return found


def kind_of(module: nn.Module) -> Hashable:
    """The class of a module, what its attributes are, and the kinds of its submodules; equal for those alike."""
    return tuple(
        (name, type(part), id(mark_of(part)), _attributes(part, _constants(type(part))))
        for name, part in module.named_modules(remove_duplicate=False)
    )


def _attributes(part: nn.Module, constants: set[str]) -> Hashable:
    return tuple((key, _seen(key, value, is_constant=key in constants)) for key, value in vars(part).items())


def _constants(cls: type) -> set[str]:
    """The attributes whose values the compiler goes by: they decide about branches."""
    names = {*getattr(cls, "__constants__", ())}
    for above in cls.__mro__:
        names |= {name for name, kind in inspect.get_annotations(above).items() if "Final" in str(kind)}
    return names


def _seen(name: str, value: Any, *, is_constant: bool = False) -> Hashable:
    if name == "_modules":
        return tuple(value)
    if name in ("_parameters", "_buffers"):
        return tuple((key, type(tensor)) for key, tensor in value.items())
    if isinstance(value, bool | str | None | type):
        return type(value), value
    if isinstance(value, int | float):
        return type(value), value if is_constant else None  # of a variable the compiler knows the type
    if isinstance(value, tuple | list):
        return type(value), tuple(_seen("", item, is_constant=is_constant) for item in value)
    if isinstance(value, (dict, set)) and not value:
        return type(value)
    return type(value), id(value)
