"""What users hand to the functions of scriptkit, checked before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def positional(example_inputs: Any) -> tuple[Any, ...]:
    """Example inputs as a tuple of positional arguments; raises TypeError for one argument that stands alone."""
    if isinstance(example_inputs, torch.Tensor | Mapping | str):
        kind = type(example_inputs).__name__
        message = (
            f"`example_inputs` is a tuple of positional arguments, not a {kind}: write `(x,)` for one argument `x`"
        )
        raise TypeError(message)
    return tuple(example_inputs)


def required_module(value: Any) -> torch.nn.Module:
    """The module; raises TypeError for anything else, a class of modules for one."""
    if isinstance(value, torch.nn.Module):
        return value
    if isinstance(value, type) and issubclass(value, torch.nn.Module):
        message = f"a module is needed, not the class `{value.__name__}`: make an instance of it first"
        raise TypeError(message)
    message = f"a module is needed, not a {type(value).__name__}"
    raise TypeError(message)
