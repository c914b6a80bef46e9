"""Build the driver, export modules for it, and let it run."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.export import ExportedProgram, export

from scriptkit.cpp.recording import Call, write_recording
from scriptkit.engines.export.recurrent_layers import of_any_length
from tests.cpp.models import Case

needs_compiler = pytest.mark.skipif(
    os.name != "posix" or not (shutil.which("cmake") and shutil.which("g++")), reason="needs cmake and g++"
)
SOURCES = Path(__file__).parent


def run(*command: object, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it said."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def configure(source: Path, build: Path, *settings: str) -> None:
    """Run CMake; with ccache and ninja where they are, for the headers of LibTorch take long."""
    quick = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    quick += ["-G", "Ninja"] if shutil.which("ninja") else []
    where = f"-DLIBTORCH={torch.utils.cmake_prefix_path}"
    made = run("cmake", "-S", source, "-B", build, where, "-DCMAKE_BUILD_TYPE=Debug", *quick, *settings)
    assert made.returncode == 0, made.stdout + made.stderr


def build(folder: Path, target: str) -> None:
    """Build one target, one compiler at a time for each core."""
    made = run("cmake", "--build", folder, "--parallel", "2", "--target", target)
    assert made.returncode == 0, (made.stdout + made.stderr)[-4000:]


def exported(case: Case) -> ExportedProgram:
    """The program of a case, as plain torch.export makes it; recurrent layers are free in time."""
    with warnings.catch_warnings(), of_any_length():
        warnings.simplefilter("ignore")
        return export(copy.deepcopy(case.module), case.example, case.named, dynamic_shapes=case.dynamic)


def saved(program: ExportedProgram, path: Path) -> Path:
    """The program as torch saves it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(program, path)
    return path


def recorded(program: ExportedProgram, calls: Iterable[tuple[tuple[Any, ...], dict[str, Any]]], path: Path) -> Path:
    """What the program returns for each call, one after the other, in Python."""
    module = program.module()
    made = []
    for arguments, named in calls:
        given = copy.deepcopy(arguments)
        try:
            with torch.no_grad():
                result = copy.deepcopy(module(*copy.deepcopy(arguments), **named))
            made.append(Call("forward", given, named, result))
        except Exception:  # noqa: BLE001 - whatever it raises: it refuses
            made.append(Call("forward", given, named, is_refused=True))
    write_recording(path, made)
    return path
