"""A model that came from a `.pt2` file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.artifact.inputs import InputError
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.engines.export.programs import FixedDeviceError, ProgramInputError
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.export import ExportedProgram

    from scriptkit.artifact.exported_manifest import ExportedManifest
    from scriptkit.engines.export.programs import Programs


class LoadedProgram(LoadedModule):
    """A loaded model that runs programs of `torch.export`: used as any other `LoadedModule`.

    `module` is an `nn.Module` with the parameters and buffers of the model; `program(method)` is torch's own object.
    Arguments that no program takes raise `InputError`, which names them and what they have to be.
    """

    def __init__(self, module: Programs, manifest: ExportedManifest) -> None:
        self.module = module  # type: ignore[assignment]
        self.manifest = manifest  # type: ignore[assignment]
        for name in module.methods:
            checked = _checked(module, name)
            setattr(self, "__scriptkit_forward__" if name == "forward" else name, checked)
            if name == "forward":
                self.forward = checked
                self.__signature__ = checked.__signature__  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"LoadedProgram({self.manifest.class_name}: {', '.join(self._programs.methods)})"

    @property
    def _programs(self) -> Programs:
        module: Any = self.module
        return module  # type: ignore[no-any-return]

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods."""
        return self._programs.methods

    def program(self, method: str = "forward") -> ExportedProgram:
        """The program of a method, the first where there are several."""
        if method not in self.methods:
            raise ArtifactError(f"the file has no `{method}`: it has {', '.join(self.methods)}")
        return self._programs.of(method)[0].program

    def to(self, *arguments: Any, **keywords: Any) -> LoadedProgram:
        """Where the programs are already: their device and dtype are part of them."""
        try:
            self.module.to(*arguments, **keywords)
        except FixedDeviceError as error:
            raise ArtifactError(str(error)) from None
        return self


def _checked(module: Programs, name: str) -> Callable[..., Any]:
    """A method whose calls are compared with what its programs take."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            return module.call(name, arguments, keywords)
        except ProgramInputError as error:
            refusal = InputError(str(error))
            refusal.refuses_call = True
            raise refusal from None

    call.__name__ = call.__qualname__ = name
    call.__signature__ = module.of(name)[0].convention.signature  # type: ignore[attr-defined]
    return call
