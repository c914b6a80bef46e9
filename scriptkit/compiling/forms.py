"""The compiled forms of any module: what is called, and what is written to a file."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from scriptkit.authoring.module import ScriptableModule
from scriptkit.compiling.isolation import copy_tree
from scriptkit.engines.torchscript import adapter, files, reading, tracing
from scriptkit.errors import CompilationError, ScriptkitError

if TYPE_CHECKING:
    import torch
    from torch import nn


def complete(module: nn.Module) -> torch.jit.ScriptModule:
    """The module as one TorchScript module that a file can hold; raises `CompilationError`."""
    try:
        return reading.to_torchscript(module)
    except ScriptkitError:
        raise
    except Exception as error:  # torch.jit raises errors of many types for code it does not take
        raise CompilationError(f"{type(module).__name__} does not compile: {error}") from error


def plain_script(module: nn.Module) -> torch.jit.ScriptModule:
    """The module as torch.jit.script compiles it, without anything lifted; raises `CompilationError`.

    Code written round the habits of torch.jit (overloads, `torch.jit.unused`) may compile only so.
    """
    shared = {id(buffer): buffer for buffer in module.buffers()}
    try:
        return tracing.script_as_torch_does(copy_tree(module, shared))
    except Exception as error:
        raise CompilationError(f"{type(module).__name__} does not compile: {error}") from error


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
