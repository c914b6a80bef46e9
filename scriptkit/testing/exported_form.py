"""A module as it runs exported, in a test that does not say beforehand what it calls."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.errors import ExportError
from scriptkit.exporting.export_program import export_program

if TYPE_CHECKING:
    from torch import nn

    from scriptkit.exporting.exported_module import ExportedModule


class ExportedForm:
    """Exports a method when it is first called, for that call; a call that no program takes is exported, too.

    Whatever else the module has is that of the module.
    """

    def __init__(self, module: nn.Module, given: tuple[tuple[Any, ...], dict[str, Any]] | None) -> None:
        self.module = module
        self._made: dict[str, list[ExportedModule]] = {}
        if given is not None:
            self._export("forward", *given)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`."""
        return self._call("forward", *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.module, name)
        is_users = callable(found) and not hasattr(torch.nn.Module, name) and not isinstance(found, torch.nn.Module)
        return functools.partial(self._call, name) if is_users else found

    def _call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        for made in self._made.get(method, ()):
            try:
                return made.call(method, args, kwargs)
            except ExportError:
                continue
        return self._export(method, args, kwargs).call(method, args, kwargs)

    def _export(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ExportedModule:
        made = export_program(self.module, {method: args}, example_kwargs=kwargs, methods=[method])
        self._made.setdefault(method, []).append(made)
        return made
