"""A module as `torch.jit.script` compiles it, without anything lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.torch_names.private import LOCK
from scriptkit.engines.torchscript.torch_names.table import look_up

if TYPE_CHECKING:
    import torch
    from torch import nn


_make_tree, _methods_of = look_up("tree of script modules"), look_up("methods of a torch module")


def script_as_torch_does(module: nn.Module) -> torch.jit.ScriptModule:
    """Compile a module (a copy: torch writes to it) beneath `torch.jit.script`, which would warn."""
    with LOCK, private.while_compiling(), private.type_store_unchanged_on_failure():
        made: torch.jit.ScriptModule = _make_tree(module, _methods_of)
    if not hasattr(made, "forward"):
        raise RuntimeError("no `forward` was compiled")
    return made
