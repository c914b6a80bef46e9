"""Methods that an instance hides by an attribute of the same name, as `layer.forward = ...` does.

Compiled code calls the methods of the class, so such a tree runs as Python.
"""

from __future__ import annotations

from operator import contains
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.torchscript.lifting.chosen_methods import chosen_methods
from scriptkit.engines.torchscript.types.shadow import class_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scriptkit.engines.torchscript.types.shadow import Shadow

_CONTAINERS = (torch.nn.ModuleList, torch.nn.ModuleDict, torch.nn.ParameterList, torch.nn.ParameterDict)


class Overrides:
    """Every place of a tree where an attribute would hide a compiled method; the `forward` of the root is none."""

    def __init__(self, modules: Iterable[torch.nn.Module], shadow: Shadow) -> None:
        self.holders: list[dict[str, Any]] = []
        self.names: list[str] = []
        self._owners: list[str] = []
        for index, module in enumerate(modules):
            for name in _compiled_methods(module, shadow):
                if index or name != "forward":
                    self.holders.append(module.__dict__)
                    self.names.append(name)
                    self._owners.append(type(module).__name__)

    def any(self) -> bool:
        """Whether a method is hidden now."""
        return any(map(contains, self.holders, self.names))

    def first(self) -> str | None:
        """Which one, in words."""
        found = zip(self.holders, self.names, self._owners, strict=True)
        return next((f"`{name}` was replaced on an instance of {owner}" for d, name, owner in found if name in d), None)


def _compiled_methods(module: torch.nn.Module, shadow: Shadow) -> Iterator[str]:
    lifted = shadow.lifted.get(class_of(module))
    if lifted is None:
        yield from () if type(module) in _CONTAINERS else ("forward",)
        return
    chosen = chosen_methods(module)  # compiled as they are; that they stay is watched
    methods = (name for name in lifted.methods if name not in chosen)
    yield from (name for name in methods if callable(getattr(type(module), name, None)))
