"""A module as `torch.jit.script` compiles it, without anything lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.torch_names.private import LOCK
from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.live.programs import is_compiled

if TYPE_CHECKING:
    import torch
    from torch import nn


_make_tree, _methods_of = look_up("tree of script modules"), look_up("methods of a torch module")


def prepared(module: nn.Module, known: dict[int, nn.Module]) -> nn.Module:
    """What each module of a copied tree names by `__prepare_scriptable__` to be compiled in its place."""
    if id(module) in known:
        return known[id(module)]
    prepare: Any = getattr(type(module), "__prepare_scriptable__", None)
    made: nn.Module = module if prepare is None else prepare(module)
    known[id(module)] = known[id(made)] = made
    if not is_compiled(made):
        made._modules.update({n: c if c is None else prepared(c, known) for n, c in made._modules.items()})
    return made


def script_as_torch_does(module: nn.Module) -> torch.jit.ScriptModule:
    """Compile a module (a copy: torch writes to it) beneath `torch.jit.script`, which would warn."""
    module = prepared(module, {})
    with LOCK, private.while_compiling(), private.type_store_unchanged_on_failure():
        made: torch.jit.ScriptModule = _make_tree(module, _methods_of)
    if not hasattr(made, "forward"):
        raise RuntimeError("no `forward` was compiled")
    return made
