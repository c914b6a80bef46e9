"""Parameters declared `float`: Python computes with the `int` that it is given there, compiled code with a `float`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from scriptkit.engines.torchscript.torch_names import private

if TYPE_CHECKING:
    from collections.abc import Iterable


class FloatParameter(NamedTuple):
    """A parameter that takes floats, alone or in containers."""

    place: int
    name: str
    default: object


def float_parameters(method: Any, function: Any) -> tuple[FloatParameter, ...]:
    """Those of a compiled method, with the defaults of the Python function it was made from."""
    arguments = [argument for argument in method.schema.arguments if argument.name != "self"]
    taking = {i: a.name for i, a in enumerate(arguments) if private.holds_floats(a.type)}
    if not taking:
        return ()
    defaults = {p.name: p.default for p in inspect.signature(function).parameters.values()}
    return tuple(FloatParameter(i, name, defaults.get(name)) for i, name in taking.items())


def int_given(parameters: tuple[FloatParameter, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """Why a call must run as Python: a float is declared where an int is given.

    An int that is the default makes no difference beside tensors of floats, which is what most defaults are for.
    """
    for place, name, default in parameters:
        is_given = place < len(args) or name in kwargs
        value = args[place] if place < len(args) else kwargs.get(name, default)
        if _holds_int(value) and (is_given or not _are_floating((*args, *kwargs.values()))):
            return f"`{name}` is declared `float` and is given an `int`, of which compiled code would make a float"
    return None


def _are_floating(given: Iterable[Any]) -> bool:
    """Whether all tensors among them are of floats."""
    for value in given:
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, torch.Tensor):
            if not (value.is_floating_point() or value.is_complex()):
                return False
        elif isinstance(value, (list, tuple, dict)) and not _are_floating(inner):
            return False
    return True


def _holds_int(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_int, value))
    if isinstance(value, dict):
        return any(map(_holds_int, value.values()))
    return type(value) is int
