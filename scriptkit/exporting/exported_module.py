"""A module that runs as verified programs of `torch.export`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from scriptkit.compile_report import CompileReport, ReportRow
from scriptkit.engines.export.programs import FixedDeviceError, ProgramInputError, Programs
from scriptkit.errors import ExportError
from scriptkit.exporting.report import DimensionRow, ExportReport, dimension_rows, method_row
from scriptkit.live.training_modes import in_training_mode

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from typing import BinaryIO

    from torch import nn
    from torch.export import ExportedProgram

    from scriptkit.compile_report import Mode
    from scriptkit.engines.export.programs import MethodProgram

More = "Callable[[str, bool], Sequence[MethodProgram]]"
"""Exports a method in another mode, when it is first called in it."""


class ExportedModule(Programs):
    """Callable as the module was, with its parameters and buffers under their names; its methods are attributes.

    It was verified against the module, on copies of whose tensors it runs. A call that no program was made for raises
    `ExportError`, which names the input and what it has to be.
    """

    def __init__(
        self,
        programs: Mapping[str, Sequence[MethodProgram]],
        *,
        class_name: str,
        training: bool,
        left_out: Sequence[str] = (),
        more: Callable[[str, bool], Sequence[MethodProgram]] | None = None,
    ) -> None:
        super().__init__(programs, training=training)
        self.__dict__.update(_class_name=class_name, _left_out=tuple(left_out), _more=more)

    def call(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a method by name; raises ExportError for a call that no program was made for."""
        if method not in self.methods:
            raise ExportError(f"{self.class_name} was exported without `{method}`: it has {', '.join(self.methods)}")
        self._export_for_this_mode(method)
        try:
            return super().call(method, args, kwargs)
        except ProgramInputError as error:
            refusal = ExportError(f"{self.class_name}: {error}")
            refusal.refuses_call = True
            raise refusal from None

    def _export_for_this_mode(self, method: str) -> None:
        """In memory, the other mode is exported when it is first needed."""
        more = self.__dict__["_more"]
        if more is not None and all(program.training not in {None, self.training} for program in self.of(method)):
            for program in more(method, self.training):
                self.add(program)

    def __getattr__(self, name: str) -> Any:
        """The exported methods, and the tensors and parts of the module."""
        if name != "forward" and name in self.__dict__.get("programs", ()):
            return functools.partial(self._named, name)
        return super().__getattr__(name)

    def _named(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        return self.call(method, args, kwargs)

    def _apply(self, fn: Any, recurse: bool = True) -> ExportedModule:  # noqa: FBT001, FBT002 - torch's signature
        try:
            super()._apply(fn, recurse)
        except FixedDeviceError as error:
            raise ExportError(f"{self.class_name}: {error}") from None
        return self

    @property
    def class_name(self) -> str:
        """The module this was made from."""
        return str(self.__dict__["_class_name"])

    def program(self, method: str = "forward") -> ExportedProgram:
        """The program of a method, the first where there are several; raises ExportError where there is none."""
        if method not in self.methods:
            raise ExportError(f"{self.class_name} was exported without `{method}`: it has {', '.join(self.methods)}")
        return self.of(method)[0].program

    @property
    def dimensions(self) -> tuple[DimensionRow, ...]:
        """One row for each dimension of each input, of the first program of each method."""
        return tuple(dimension_rows([self.of(name)[0] for name in self.methods]))

    @property
    def report(self) -> ExportReport:
        """How each method was exported, and what is fixed."""
        rows = tuple(method_row(program) for program in self.all_programs())
        return ExportReport(self.class_name, rows, self.dimensions, self.__dict__["_left_out"])

    is_compiled = True

    def __scriptkit_report__(self) -> CompileReport:
        """The rows of `scriptkit.report`: one for each program."""
        rows = []
        for row in self.report.rows:
            mode: Mode = "lowered" if row.route == "lowered" else "exported"
            rows.append(ReportRow("", self.class_name, mode, f"`{row.method}` as torch.export traced it", row.fixed))
        return CompileReport(tuple(rows))

    def __scriptkit_source__(self) -> nn.Module:
        """The Python this was made from, for `scriptkit.verify`: a copy of the module that shares its tensors."""
        more = self.__dict__["_more"]
        twin: nn.Module = in_training_mode(more.twin, training=self.training)
        return twin

    def save(
        self, path_or_file: str | os.PathLike[str] | BinaryIO, *, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Write a `.pt2` file: read by `torch.export.load`, `scriptkit.load` and the portable C++ runtime.

        The same module gives the same bytes. An old file at the target stays as it was until the new one is complete.
        Raises ArtifactError where the target cannot be written, or a value cannot be told in a file.
        """
        from scriptkit.artifact.exported_writing import write_exported

        write_exported(self, path_or_file, class_name=self.class_name, metadata=metadata or {})

    def extra_repr(self) -> str:
        """The methods, in `repr`."""
        return f"{self.class_name}: {', '.join(self.methods)}"
