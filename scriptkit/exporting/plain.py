"""A copy of a module whose exported methods are the functions their author wrote, without the call of compiled code."""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING

from scriptkit.engines.torchscript.engine.making import exported_methods
from scriptkit.live.lives import life_of
from scriptkit.live.marks import is_scriptable

if TYPE_CHECKING:
    from torch import nn


def plain_copy(module: nn.Module) -> nn.Module:
    """The copy; its tensors are its own."""
    copy: nn.Module = life_of(module)
    for part in copy.modules():
        if is_scriptable(part):
            for name in exported_methods(type(part)):
                written = inspect.unwrap(inspect.getattr_static(type(part), name))
                if name != "forward" and isinstance(written, types.FunctionType):
                    part.__dict__[name] = types.MethodType(written, part)
    return copy
