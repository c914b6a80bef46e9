"""Exported methods of a module that no compiled form of it has, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.engines.torchscript.engine import making

if TYPE_CHECKING:
    import torch
    from torch import nn


def methods_lost(module: nn.Module, form: torch.jit.ScriptModule) -> list[str]:
    """The exported methods of a module that a form of it lacks."""
    return [name for name in making.exported_methods(type(module)) if not hasattr(form, name)]


def told_of_lost(module: nn.Module, lost: list[str]) -> str:
    """What is said of exported methods that no file of a module has."""
    spoken = ", ".join(f"`{name}`" for name in lost)
    hidden = set(lost) & set(vars(module))
    why = (
        "an attribute of the same name hides it"
        if hidden
        else "the module does not script, only its `forward` is compiled"
    )
    what = f"exported method{'s' if len(lost) > 1 else ''} {spoken} of {type(module).__name__}"
    return f"{what}: in no file, and Python here: {why}; to keep them, make the module script or write a subclass"
