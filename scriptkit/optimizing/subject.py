"""What is optimised: the Python (or the file) that says what is right, and the program that is to be made faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.artifact.loaded import LoadedModule
from scriptkit.engines.torchscript.engine import files, state
from scriptkit.errors import ScriptkitError
from scriptkit.live import programs
from scriptkit.live.lives import OwnTensors, life_of
from scriptkit.runtime import reading
from scriptkit.verification.forms import Subject as Verified
from scriptkit.verification.forms import complete_life

if TYPE_CHECKING:
    import torch
    from torch import nn


class Subject:
    """A module in evaluation mode: lives of it, as Python and as a plain program."""

    def __init__(self, m: nn.Module | LoadedModule) -> None:
        """Raises `ScriptkitError` for a module that is not compiled yet."""
        module = m.module if isinstance(m, LoadedModule) else m
        self.original = m
        self.module: nn.Module = module
        own = OwnTensors()
        if programs.is_script_module(module):
            self._base: nn.Module = life_of(module, own)
            if hasattr(module, "training"):  # a frozen program has no mode
                self._base.eval()
            self._program: torch.jit.ScriptModule = self._base
        else:
            _refuse_pending(module)
            verified = Verified(module)
            self._base = life_of(verified.python, own)
            if self._base.training:
                self._base.eval()
            self._program = complete_life(verified, self._base, own, training=False)
        names = [schema.name for schema in files.method_schemas(self._program)]
        # a lowered program has methods of its own besides
        self.methods = [name for name in names if name != "forward" and callable(getattr(self._base, name, None))]

    def eager(self) -> nn.Module:
        """A life of the Python module; of a module that came from a file, of its program."""
        return life_of(self._base)

    @property
    def has_python(self) -> bool:
        """Whether there is Python to compare with."""
        return self._base is not self._program

    @property
    def class_name(self) -> str:
        """What the user calls it."""
        return str(getattr(self._base, "original_name", type(self._base).__name__))

    def program(self, own: OwnTensors | None = None) -> torch.jit.ScriptModule:
        """A life of the plain program, over tensors of its own."""
        return life_of(self._program, own)

    @property
    def assigns_attributes(self) -> bool:
        """Whether a call changes more than the elements of tensors."""
        return state.sets_attributes(self._program)


def _refuse_pending(module: nn.Module) -> None:
    rows = reading.report(module).rows
    if rows and rows[0].mode == "pending":
        raise ScriptkitError(
            f"{type(module).__name__} is not compiled yet: {rows[0].reason}; call it once, or compile it with "
            "`example_inputs`, before it is optimised"
        )
