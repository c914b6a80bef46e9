"""An exported model with machine code beside its programs: AOTInductor, compared with the portable program first.

The file keeps everything the portable one has, manifest and guards included, so that what runs the machine code can
check each call, and can do without it. The machine code is for this kind of machine; the file says which.
"""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.container import write_container
from scriptkit.artifact.reading import load
from scriptkit.artifact.writing import write_atomically
from scriptkit.cpp.exported.project import MANIFEST
from scriptkit.engines.export import torch_names
from scriptkit.engines.export.aoti import compile_and_package, machine_code
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

_CODE = "data/aotinductor/"
_LARGER = 3
_TOLERANCE = 1e-4
_SEED = 0


@dataclass(frozen=True)
class CompiledProgram:
    """What became of one program: the largest difference to the portable one, or why it has no machine code."""

    name: str
    method: str
    largest: float = 0.0
    sizes: int = 0
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return f"{self.method} ({self.name}): stays portable: {self.reason}"
        return f"{self.method} ({self.name}): compiled; largest difference {self.largest:.1e} on {self.sizes} sizes"


def compile_exported(file: str | os.PathLike[str], output: str | os.PathLike[str]) -> list[CompiledProgram]:
    """Write `file` with machine code for this machine to `output`, and return what became of each program.

    A program that cannot be compiled, or whose machine code gives another result than the portable program, stays as it
    is. Raises ArtifactError when the file is refused, or when no program could be compiled.
    """
    model: Any = load(file, map_location="cpu")
    manifest = model.manifest.model_dump(mode="json")
    programs = {
        described["name"]: (method["name"], described, program)
        for method in manifest["methods"]
        for described, program in zip(method["programs"], model.module.of(method["name"]), strict=True)
    }
    made: dict[str, dict[str, bytes]] = {}
    reports = []
    for name, (method, described, program) in programs.items():
        report, code = _compiled(name, method, described, program)
        reports.append(report)
        made |= {name: code} if code else {}
    if not made:
        raise ArtifactError("no program of the file could be compiled:\n" + "\n".join(map(str, reports)))
    _write(Path(file), Path(output), made, reports)
    return reports


def _compiled(
    name: str, method: str, described: dict[str, Any], program: Any
) -> tuple[CompiledProgram, dict[str, bytes]]:
    reason = reason_against(described, program)
    if reason:
        return CompiledProgram(name, method, reason=reason), {}
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "code.pt2"
        try:
            compile_and_package(program.program, package)
        except Exception as error:  # noqa: BLE001 - whatever the compiler raises, the program stays portable
            return CompiledProgram(name, method, reason=_first_line(error)), {}
        compiled = machine_code(package)
        largest, sizes = 0.0, 0
        for inputs in inputs_within(described["inputs"]):
            found = _difference(compiled, program, inputs)
            largest, sizes = max(largest, found), sizes + 1
            if not found <= _TOLERANCE:
                shapes = " and ".join(str(tuple(one.shape)) for one in inputs if isinstance(one, torch.Tensor))
                return CompiledProgram(name, method, reason=f"the machine code differs by {found:.1e} on {shapes}"), {}
        return CompiledProgram(name, method, largest, sizes), dict(_code_of(package, name))


def reason_against(described: dict[str, Any], program: Any) -> str:
    """Why a program is not to be compiled: machine code takes tensors, gives tensors, and changes nothing else."""
    kinds = {spec.kind.name for spec in program.program.graph_signature.output_specs}
    if kinds - {"USER_OUTPUT"}:
        return "it writes to buffers or to its inputs"
    if any(one["kind"] == "int" for one in described["inputs"]):
        return "it takes a number that varies"
    if described["training"]:
        return "it is for training"
    return "" if _gives_tensors(described["result"]) else "its results are not all tensors"


def _gives_tensors(structure: dict[str, Any]) -> bool:
    if "items" in structure:
        return all(map(_gives_tensors, structure["items"]))
    return bool(structure["kind"] == "tensor")


def inputs_within(inputs: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """Inputs of the sizes of the example, of the smallest sizes the manifest allows, and of larger ones."""
    for choose in (lambda d: d["size"], lambda d: max(d["min"] or 0, 1), lambda d: d["size"] + _LARGER):
        generator = torch.Generator().manual_seed(_SEED)
        yield [_input(one, [_size(inputs, d, choose) for d in one.get("dims", ())], generator) for one in inputs]


def _size(inputs: list[dict[str, Any]], dimension: dict[str, Any], choose: Any) -> int:
    if dimension["kind"] == "equal":
        place, number = dimension["to"]
        return _size(inputs, inputs[place]["dims"][number], choose)
    least, most = dimension["min"] or 0, dimension["max"]
    size = int(choose(dimension))
    return max(least, size if most is None else min(size, most))


def _input(described: dict[str, Any], sizes: list[int], generator: torch.Generator) -> Any:
    if described["kind"] != "tensor":
        return described["value"]
    dtype: torch.dtype = getattr(torch, described["dtype"])
    if dtype.is_floating_point:
        return torch.randn(sizes, generator=generator).to(dtype)
    return torch.zeros(sizes, dtype=dtype)


def _difference(compiled: Any, program: Any, inputs: list[Any]) -> float:
    """The largest difference of both results, relative where they are larger than 1; 0 where the guards refuse."""
    if any(not guard.holds(inputs) for guard in program.guards):
        return 0.0
    args, kwargs = program.convention.program_arguments(inputs)
    with torch.no_grad():
        ours = torch_names.leaves(compiled(*args, **kwargs))
        theirs = [one for one in program.outputs(inputs) if isinstance(one, torch.Tensor)]
    if [(one.shape, one.dtype) for one in ours] != [(one.shape, one.dtype) for one in theirs]:
        return float("inf")
    return max((_largest(a, b) for a, b in zip(ours, theirs, strict=True) if a.numel()), default=0.0)


def _largest(found: torch.Tensor, expected: torch.Tensor) -> float:
    a, b = found.double(), expected.double()
    same = (a == b) | (a.isnan() & b.isnan())
    return float(((a - b).abs() / b.abs().clamp(min=1)).masked_fill(same, 0).nan_to_num(float("inf")).max())


def _code_of(package: Path, program: str) -> Iterator[tuple[str, bytes]]:
    """The entries of the package, under the name of the program."""
    with zipfile.ZipFile(package) as archive:
        for name in archive.namelist():
            _, _, inner = name.partition("/")
            if inner.startswith(f"{_CODE}model/"):
                yield f"{_CODE}{program}/{inner.removeprefix(f'{_CODE}model/')}", archive.read(name)


def _write(file: Path, output: Path, made: dict[str, dict[str, bytes]], reports: list[CompiledProgram]) -> None:
    """The archive with the machine code, its checksums, and a word on what it was made for."""
    with zipfile.ZipFile(file) as archive:
        entries = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(entries.pop(MANIFEST))
    for code in made.values():
        entries |= code
        manifest["checksums"] |= {name: hashlib.sha256(content).hexdigest() for name, content in code.items()}
    manifest["compiled"] = {
        "machine": platform.machine(),
        "system": platform.system(),
        "torch": torch.__version__.partition("+")[0],
        "programs": {
            report.name: {"largest": report.largest, "sizes": report.sizes} for report in reports if not report.reason
        },
    }
    entries[MANIFEST] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    write_atomically(str(output), lambda stream: write_container(stream, entries.items()))


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0][:200]}" if text else type(error).__name__
