"""Programs compiled to machine code, by torch's AOTInductor."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

from scriptkit.engines.export.torch_names import quiet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch.export import ExportedProgram


def compile_and_package(program: ExportedProgram, path: Path) -> None:
    """Compile a program and write the package; raises what torch raises."""
    import torch._inductor

    depth = sys.getrecursionlimit()  # which torch raises and leaves raised
    # torch warns of its own deprecated functions while it compiles; nobody who calls this can do anything about it
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            torch._inductor.aoti_compile_and_package(program, package_path=str(path))
        finally:
            sys.setrecursionlimit(depth)


def machine_code(path: Path, name: str) -> Callable[..., Any]:
    """The machine code of one program in a file; raises what torch raises."""
    import torch._inductor.package

    package: Any = torch._inductor.package  # whose `__all__` does not name what its documentation does
    made: Callable[..., Any] = package.load_package(str(path), model_name=name)
    return made
