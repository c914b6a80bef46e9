"""What `torch.jit.script` compiles in the place of a module that is compiled already: its program."""

from __future__ import annotations

import sys
import types
from typing import Any

import torch


class StandIn(torch.jit.ScriptModule):
    """A program as something that `torch.jit.script` still makes a module of: it refuses what is one already."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_form"], name)


def standing_for(form: torch.jit.ScriptModule) -> torch.nn.Module:
    """For `__prepare_scriptable__`: the program inside of a tree, a stand-in where all of it is asked for.

    Torch leaves what it gets in the place of the module, in the tree of the user.
    """
    asking = sys._getframe(2)
    if asking.f_back is not None and asking.f_back.f_code is asking.f_code:
        return form
    made: Any = StandIn.__new__(StandIn)
    nothing_to_compile = types.MethodType(torch.nn.Module.forward, made)
    made.__dict__.update(_form=form, _concrete_type=form._concrete_type, forward=nothing_to_compile)
    return made  # type: ignore[no-any-return]
