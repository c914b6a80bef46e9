"""Modules that are alike to the compiler: what it says of one it says of all, so that one of each kind is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

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
    """The class of a module, what its attributes are, and the kinds of its submodules; equal for those alike.

    Marks are among them: that of a class goes with the class, that of an instance is an attribute.
    """
    parts = (
        (name, type(part), tuple((key, _seen(key, value)) for key, value in vars(part).items()))
        for name, part in module.named_modules(remove_duplicate=False)
    )
    return tuple(parts)


def _seen(name: str, value: Any) -> Hashable:
    if name == "_modules":
        return tuple(value)
    if name in ("_parameters", "_buffers"):
        return tuple((key, type(tensor)) for key, tensor in value.items())
    if isinstance(value, bool | str | None | type):
        return type(value), value
    if isinstance(value, int | float):
        return type(value).__name__  # the compiler goes by the type of a number
    if isinstance(value, tuple | list):
        return type(value), tuple(_seen("", item) for item in value)
    if isinstance(value, (dict, set)) and not value:
        return type(value)
    return type(value), id(value)
