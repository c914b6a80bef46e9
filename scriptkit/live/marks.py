"""`scripted(x)` and `traced(x)`: the author decides how a module, or every module of a class, is compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch


T = TypeVar("T")
_NAME = "__scriptkit_mark__"


scripted_dataclasses: list[type] = []
"""Dataclasses marked as scripted that no compiler has seen: it has to make their methods before it meets them."""


@dataclass(frozen=True)
class Mark:
    """How to compile a module, and for a trace, example arguments."""

    mode: Literal["script", "lowered", "trace"]
    example_inputs: tuple[Any, ...] | None = None
    example_kwargs: dict[str, Any] = field(default_factory=dict)


def scripted(x: T) -> T:
    """Compile this module, or every instance of this class, from its source; anything else is an error."""
    return _marked(x, Mark("script"))


def traced(x: T, example_inputs: Sequence[Any] | None = None, *, example_kwargs: dict[str, Any] | None = None) -> T:
    """Compile this module, or every instance of this class, by recording one run.

    Without example inputs here, those it gets in a run of the whole module are used. A trace that would bake in a value
    raises `TraceHazardError`.
    """
    inputs = None if example_inputs is None else tuple(example_inputs)
    return _marked(x, Mark("trace", inputs, example_kwargs or {}))


def _marked(x: T, mark: Mark) -> T:
    """Instances keep the mark in their dictionary, where neither torch nor `state_dict` looks at it.

    As a plain tuple: a pickle of the instance must not name anything that a later version may rename.
    """
    plain = (mark.mode, mark.example_inputs, mark.example_kwargs)
    if isinstance(x, type):
        setattr(x, _NAME, plain)
    else:
        x.__dict__[_NAME] = plain
    return x


def mark_of(module: object) -> Mark | None:
    """The mark of an instance, else that of its class."""
    mark = getattr(module, "__dict__", {}).get(_NAME, getattr(type(module), _NAME, None))
    return Mark(*mark) if isinstance(mark, tuple) else mark if isinstance(mark, Mark) else None


_roots: list[type] = []


def root_of_scriptable(cls: type[T]) -> type[T]:
    """Declare the class whose subclasses are scriptkit's own modules; rooms below ask here what they are."""
    _roots.append(cls)
    return cls


def is_scriptable(module: torch.nn.Module) -> bool:
    """Whether a module is one of scriptkit's."""
    return is_scriptable_class(type(module))


def is_scriptable_class(cls: type) -> bool:
    """Whether the modules of a class are scriptkit's."""
    return issubclass(cls, tuple(_roots))


def sets_attributes_as_scriptable(cls: type) -> bool:
    """Whether an attribute of its modules is set as scriptkit's own class does it, not as a user's."""
    return any(cls.__setattr__ is root.__setattr__ for root in _roots)


def is_traced(module: torch.nn.Module) -> bool:
    """Whether a module is marked as traced."""
    mark = mark_of(module)
    return mark is not None and mark.mode == "trace"
