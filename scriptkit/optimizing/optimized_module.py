"""A module that runs as the fastest of the programs that are equal to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.artifact.description import ExampleCall, OptimizationRecord
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.artifact.prepared import methods_of
from scriptkit.artifact.saving import Form, described
from scriptkit.artifact.writing import write_model
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ScriptkitError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    import torch

    from scriptkit.live.comparison import Tolerance
    from scriptkit.live.side_by_side import Given
    from scriptkit.optimizing.candidates import Candidate
    from scriptkit.optimizing.subject import Subject
    from scriptkit.optimizing.table import OptimizationTable


class OptimizedModule:
    """Call it, or its exported methods by name: a program for inference; later changes of the module do not reach it.

    `variant` names what runs, `table` every candidate with its ratio; `module` is the `torch.jit.ScriptModule` beneath.
    `save` writes a file that `scriptkit.load` and the C++ project of `scriptkit new-cpp` run at the same speed.
    """

    training = False
    __scriptkit_forward__: Callable[..., Any]

    def __init__(
        self,
        running: torch.jit.ScriptModule,
        kept: Callable[[], torch.jit.ScriptModule],
        chosen: tuple[Candidate, OptimizationTable],
        made_from: tuple[Subject, Given, Tolerance | None],
    ) -> None:
        self.module = running
        self._candidate, self.table = chosen
        self._subject, self._given, self._tolerance = made_from
        self._kept = kept
        names = [schema.name for schema in files.method_schemas(running)]
        for name, method in methods_of(running, names, self._candidate.switches).items():
            setattr(self, "__scriptkit_forward__" if name == "forward" else name, method)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`."""
        return self.__scriptkit_forward__(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The same as a call."""
        return self.__scriptkit_forward__(*args, **kwargs)

    @property
    def variant(self) -> str:
        """The name of the candidate that runs."""
        return self._candidate.name

    @property
    def switches(self) -> tuple[str, ...]:
        """What has to be on while first calls specialise the program; done here, by `load`, and in C++."""
        return self._candidate.switches

    @property
    def _name(self) -> str:
        return self._subject.class_name

    def eval(self) -> OptimizedModule:
        """It is in evaluation mode, always."""
        return self

    def train(self, mode: bool = True) -> OptimizedModule:  # noqa: FBT001, FBT002 - torch's signature
        """Evaluation mode is the only one; raises `ScriptkitError` for training."""
        if mode:
            message = f"{self._name} was optimised for inference, and its weights are constants"
            raise ScriptkitError(f"{message}: train the module it was made from, and optimise that again")
        return self

    def __repr__(self) -> str:
        return f"OptimizedModule({self._name}: {self.variant})"

    def save(
        self, path_or_file: str | os.PathLike[str] | BinaryIO, *, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Write a model file; its manifest says what a loading program switches on.

        Raises what `scriptkit.save` raises.
        """
        candidate = self._candidate
        record = OptimizationRecord(candidate.name, candidate.switches, candidate.after_loading)
        original = self._subject.original
        given = {"forward": ExampleCall(tuple(self._given[0]), self._given[1])}
        manifest = original.manifest if isinstance(original, LoadedModule) else None
        form = Form(self._kept(), self._tolerance, record, manifest)
        model, description = described(self._subject.module, form, given, metadata)
        write_model(model, path_or_file, description=description)
