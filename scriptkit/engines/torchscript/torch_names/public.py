"""The way without private names of torch: rewritten functions as generated text, compiled by `torch.jit.script`.

Taken where `private.is_complete()` is False. Behaviour is the same; construction is slower, and a raw error points at
the generated text first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.torchscript.torch_names import put_right
from scriptkit.engines.torchscript.torch_names.notices import without_notices

if TYPE_CHECKING:
    from types import FunctionType


def script(module: torch.nn.Module) -> torch.jit.ScriptModule:
    """Compile a shadow tree through the public door."""
    scripted: torch.jit.ScriptModule = torch.jit.script(module)
    put_right.tree(scripted, module)
    return scripted


def script_function(function: FunctionType) -> Any:
    """Compile a free function through the public door."""
    compiled: Any = torch.jit.script(function)
    put_right.functions([compiled])
    return compiled


def script_class(cls: type) -> None:
    """Compile a class; torch alone knows how to write the methods that Python made for a dataclass."""
    with without_notices():
        torch.jit.script(cls)


def can_be_saved(scripted: torch.jit.ScriptModule) -> None:
    """Write a module to memory; raises what torch raises."""
    scripted.save_to_buffer()


def instances_of(shadow: torch.nn.Module, scripted: Any, found: dict[int, Any]) -> dict[int, Any]:
    """From each shadow module to its C++ module; torch makes two of one that stands at two places, one is enough."""
    found[id(shadow)] = scripted._c
    for name, child in shadow._modules.items():
        if child is None or isinstance(child, torch.jit.ScriptModule):
            continue
        inner = scripted._modules[name]
        if id(child) in found:
            scripted._c.setattr(name, found[id(child)])
        else:
            instances_of(child, inner, found)
    return found
