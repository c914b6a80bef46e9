"""The compiled forms of any module: what is called, and what is written to a file."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from scriptkit.authoring.module import ScriptableModule
from scriptkit.engines.torchscript import adapter, files, reading

if TYPE_CHECKING:
    import torch
    from torch import nn


def complete(module: nn.Module) -> torch.jit.ScriptModule:
    """The module as one TorchScript module that a file can hold; raises `CompilationError`."""
    return reading.to_torchscript(module)


def callable_form(module: nn.Module) -> nn.Module:
    """The module as its user calls it compiled: itself where a call runs compiled code, else its TorchScript form."""
    if files.is_script_module(module) or isinstance(module, ScriptableModule):
        return module
    return complete(module)


def exported_methods(module: nn.Module) -> list[str]:
    """The names of the methods that are compiled besides `forward` because they are exported."""
    names = (name for name in dir(type(module)) if not name.startswith("__"))
    is_export = adapter.FunctionModifiers.EXPORT
    return [name for name in names if adapter.modifier(inspect.getattr_static(type(module), name, None)) == is_export]
