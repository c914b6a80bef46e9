"""A submodule that no compiled code reaches and that does not script: a metric, a loss. It stays Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from scriptkit.compile_report import ReportRow
from scriptkit.engines.torchscript.engine import making

if TYPE_CHECKING:
    from collections.abc import Collection

    import torch

_REASON = "no compiled code reaches it, and it does not script: it stays Python, and is in no file"


class _Nothing(nn.Module):
    """What stands in a program for a module that nothing calls."""

    def forward(self) -> None:
        """Nothing."""


class UnreachedPart:
    """Stands for it in a tree; there is nothing to bind, and nothing in it that a program could change."""

    eval_only = ""
    is_for_some_calls = False

    def __init__(self, module: nn.Module) -> None:
        self.form: torch.jit.ScriptModule = making.script_as_torch_does(_Nothing())
        self.rows = [ReportRow(path, type(part).__name__, "eager", _REASON) for path, part in module.named_modules()]

    def why_eagerly(self) -> str | None:
        """Nothing calls it."""
        return None

    def why_in_no_file(self) -> str | None:
        """A file has nothing of it."""
        return None

    def is_outdated(self) -> bool:
        """Code that reaches it is other code, which is compiled anew."""
        return False

    def bind(self) -> None:
        """Nothing is bound."""

    def pull_back(self) -> None:
        """Nothing was written."""


def is_unreached(root: nn.Module, path: str, reached: Collection[str]) -> bool:
    """Whether an attribute on the way to a submodule is mentioned nowhere in what is compiled of the tree."""
    if {"children", "named_children", "modules", "named_modules"}.intersection(reached):
        return False
    owner: nn.Module = root
    for name in path.split("."):
        is_container = isinstance(owner, nn.ModuleList | nn.ModuleDict | nn.Sequential)
        if not is_container and name not in reached:
            return True
        owner = owner.get_submodule(name)
    return False
