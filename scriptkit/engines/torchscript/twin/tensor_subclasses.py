"""Tensors whose class has its own `__torch_function__`: Python asks it at each operation, compiled code does not."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch.overrides import has_torch_function

from scriptkit.engines.torchscript.torch_names.table import look_up

_OF_TENSORS: Any = torch.Tensor.__torch_function__
_NOT_THEIR_OWN: Final = (_OF_TENSORS.__func__, look_up("no function of its own"))


def acts_for_itself(value: object) -> bool:
    """Whether a value is such a tensor."""
    if type(value) is torch.Tensor or not isinstance(value, torch.Tensor):
        return False
    function: Any = type(value).__torch_function__
    return getattr(function, "__func__", function) not in _NOT_THEIR_OWN


def may_be_among(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """A quick question, for each call: whether any argument is worth a look."""
    return has_torch_function(args) or (bool(kwargs) and has_torch_function(tuple(kwargs.values())))


def first_among(values: Any) -> str | None:
    """The first such tensor, as a reason to run as Python."""
    found = next((value for value in values if acts_for_itself(value)), None)
    return (
        None
        if found is None
        else f"a tensor is a {type(found).__name__}, which does its operations in a way of its own"
    )
