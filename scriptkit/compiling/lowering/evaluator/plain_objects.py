"""Objects whose attributes Python reads without running anybody's code."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Parts, Sizes, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


_MISSING = object()


def native(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run an operation of Python itself; what it raises is raised in the evaluated program."""
    try:
        return function(*args, **kwargs)
    except (RefusedError, RaisedError):
        raise
    except Exception as error:
        raise RaisedError(error) from error


def class_attribute(evaluator: Evaluator, cls: type, name: str) -> Any:
    """What the class body of `cls` or of a base holds under a name."""
    for base in cls.__mro__:
        if name in vars(base):
            return evaluator.facts.member(cls, base, name)
    return _MISSING


def is_missing(value: Any) -> bool:
    """Whether `class_attribute` found nothing."""
    return value is _MISSING


def contents_of(evaluator: Evaluator, container: Any) -> None:
    """Record the content of a container that the run did not create."""
    if isinstance(container, (list, dict, set)) and not evaluator.effects.owns(container):
        evaluator.facts.content(container)


_PLAIN = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    list,
    tuple,
    dict,
    set,
    frozenset,
    range,
    slice,
    type(None),
    type(Ellipsis),
)


_TORCH_PLAIN = (torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size, Sizes, Parts)


def is_plain(value: Any) -> bool:
    """Whether an object's operators are Python's own: no code of anybody runs."""
    return type(value) in _PLAIN or isinstance(value, (*_TORCH_PLAIN, enum.Enum))


def kind_of(value: Value) -> str:
    """The type of a value, in words."""
    return str(value.type) if isinstance(value, Dyn) else type(value).__name__
