"""A lowered program out of a file, called as its user calls the module."""

from __future__ import annotations

import io
from typing import Any

import torch

from scriptkit.compiling.lowering import LoweredModule
from scriptkit.compiling.lowering.entry import FLAT
from scriptkit.live.nested import flatten


class Loaded:
    """What `made` is after it was saved and loaded; its results have the types that Python gives."""

    def __init__(self, made: LoweredModule) -> None:
        file = io.BytesIO()
        torch.jit.save(made.form, file)
        file.seek(0)
        self.module = torch.jit.load(file)
        self._made = made

    def __call__(self, *args: Any) -> Any:
        """Call the program itself: its entry would give what TorchScript has for a mapping or an object."""
        return self._made.rebuild(getattr(self.module, FLAT)(*flatten((args, {}))[0]))
