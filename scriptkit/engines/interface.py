"""What an engine is: the types that pass between an engine and everything above it."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Protocol

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from scriptkit.compile_report import ReportRow


class Part(Protocol):
    """A foreign submodule in a compiled form of its own, which stands for it in a shadow tree."""

    @property
    def form(self) -> torch.jit.ScriptModule:
        """What compiled code calls; its parameters and buffers are those of the submodule."""

    @property
    def rows(self) -> Sequence[ReportRow]:
        """How each of its submodules is compiled; paths begin at the part."""

    def why_eagerly(self) -> str | None:
        """The reason for which the form cannot stand for the submodule in the next call."""

    def why_in_no_file(self) -> str | None:
        """The change of the submodule for which its form computes something else."""

    def is_outdated(self) -> bool:
        """Whether the submodule changed so that another form is needed."""

    def bind(self) -> None:
        """Push tensors that were exchanged."""

    def pull_back(self) -> None:
        """Give the submodule what compiled code wrote."""


class BringsTorchScript(nn.Module, abc.ABC):
    """A module that has a compiled form of the whole already, and is no more compiled itself."""

    @abc.abstractmethod
    def __scriptkit_torchscript__(self) -> torch.jit.ScriptModule:
        """The complete TorchScript module; its parameters and buffers are those of this one."""
