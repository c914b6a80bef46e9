"""A module as `torch.jit.script` compiles it, without anything lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.jit import _recursive

from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.torch_names.private import LOCK

if TYPE_CHECKING:
    import torch
    from torch import nn


def script_as_torch_does(module: nn.Module) -> torch.jit.ScriptModule:
    """Compile a module (a copy: torch writes to it) beneath `torch.jit.script`, which would warn."""
    make: Any = _recursive.create_script_module
    with LOCK, private.without_deprecation_notices(), private.type_store_unchanged_on_failure():
        made: torch.jit.ScriptModule = make(module, _recursive.infer_methods_to_compile)
    if not hasattr(made, "forward"):
        raise RuntimeError("no `forward` was compiled")
    return made
