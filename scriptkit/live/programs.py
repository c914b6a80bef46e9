"""Telling compiled modules from Python ones."""

from __future__ import annotations

import torch
from typing_extensions import TypeIs


def is_compiled(module: object) -> bool:
    """True for modules that are TorchScript already."""
    return isinstance(module, torch.jit.ScriptModule)


def is_script_module(candidate: object) -> TypeIs[torch.jit.ScriptModule]:
    """Whether this is a module that torch.jit compiled, traced or loaded."""
    return isinstance(candidate, torch.jit.ScriptModule)
