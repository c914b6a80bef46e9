"""Programs compiled to machine code, by torch's AOTInductor."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

from scriptkit.engines.export import remarks, torch_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch.export import ExportedProgram


def compile_and_package(program: ExportedProgram, path: Path) -> None:
    """Compile a program and write the package; raises what torch raises."""
    depth = sys.getrecursionlimit()  # which torch raises and leaves raised
    # torch warns of its own deprecated functions while it compiles; nobody who calls this can do anything about it
    with remarks.quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            torch_names.compile_and_package(program, str(path))
        finally:
            sys.setrecursionlimit(depth)


def machine_code(path: Path, name: str = "model") -> Callable[..., Any]:
    """The machine code of one program in a file, or of its only one; raises what torch raises."""
    return torch_names.load_package(str(path), name)
