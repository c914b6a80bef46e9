"""`scriptkit.export_onnx`: a verified program as an ONNX model, compared once more where onnxruntime is installed."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.export import onnx_models
from scriptkit.engines.export.inputs import FixedInput, TensorInput
from scriptkit.errors import ExportError
from scriptkit.exporting.export_program import export_program
from scriptkit.exporting.exported_module import ExportedModule
from scriptkit.live.comparison import Tolerance, compare
from scriptkit.live.nested import build
from scriptkit.live.variations import Example, sizes, values

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from torch import nn

    from scriptkit.engines.export.programs import MethodProgram

_TOLERANCE = Tolerance(rtol=1e-3, atol=1e-4)
"""onnxruntime computes with kernels of its own."""
_PLACE = re.compile(r'File "(?P<path>[^"\n]+)", line (?P<line>\d+)')
_SEED = 5


@dataclass(frozen=True)
class OnnxReport:
    """What was written, and how it compares in onnxruntime; `compared` is empty where that is not installed."""

    path: str
    class_name: str
    method: str
    opset: int
    inputs: tuple[str, ...]
    compared: tuple[str, ...]
    limits: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = f"{self.class_name}.{self.method} as {self.path} (opset {self.opset}), inputs {', '.join(self.inputs)}"
        if self.compared:
            judged = f"  equal in onnxruntime in {len(self.compared)} comparisons"
        else:
            judged = "  not compared: onnxruntime is not installed (`pip install 'scriptkit[onnx]'`)"
        return "\n".join([told, judged, *(f"  {text}" for text in (*self.limits, *self.notes))])


def export_onnx(
    m: nn.Module,
    path: str | os.PathLike[str],
    example_inputs: Sequence[Any] | None = None,
    *,
    example_kwargs: dict[str, Any] | None = None,
    method: str = "forward",
) -> OnnxReport:
    """Write one method of a module as an ONNX model, from the same verified program as `export_program`.

    `m` may be what `export_program` gave. The model takes the tensors (and whole numbers) of the example call in order,
    under their names; free dimensions are free in it. Where onnxruntime is installed, it is compared there with the
    program, on the example and on other values and sizes. An old file stays as it was until the new one is right.

    Raises:
        ExportError: the module cannot be exported, ONNX cannot hold it (with the line), or the model differs.
    """
    missing = onnx_models.missing_packages()
    if missing:
        raise ExportError(f"{' and '.join(missing)} not installed: `pip install 'scriptkit[onnx]'`")
    exported = _exported(m, example_inputs, example_kwargs, method)
    exported.program(method)
    program = exported.of(method)[0]
    target = Path(path)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=_folder(target)) as folder:
        made = Path(folder) / target.name
        opset = _written(exported.class_name, program, made)
        compared, limits = _compared(exported.class_name, program, made)
        for part in sorted(Path(folder).iterdir(), key=lambda one: one.name == target.name):
            shutil.move(part, target.parent / part.name)  # the model last: its weights lie beside it where it is large
    names = tuple(one.name for one in program.inputs if not isinstance(one, FixedInput))
    others = len(exported.of(method)) - 1
    notes = (f"holds the first of {others + 1} programs: {_what_it_takes(program)}",) if others else ()
    return OnnxReport(str(path), exported.class_name, method, opset, names, tuple(compared), tuple(limits), notes)


def _exported(m: nn.Module, inputs: Any, kwargs: dict[str, Any] | None, method: str) -> ExportedModule:
    if isinstance(m, ExportedModule):
        return m
    if method == "forward":
        return export_program(m, inputs, example_kwargs=kwargs, methods=["forward"])
    return export_program(m, {method: inputs} if inputs is not None else None, methods=[method])


def _folder(target: Path) -> Path:
    folder = target.parent
    if not folder.is_dir():
        raise ExportError(f"`{target}` cannot be written: there is no folder `{folder}`")
    return folder


def _what_it_takes(program: MethodProgram) -> str:
    bounds = [f"'{one.name}' {list(_bounds(one))}" for one in program.inputs if isinstance(one, TensorInput)]
    return ", ".join(bounds)


def _bounds(one: TensorInput) -> Iterator[str]:
    for it in one.dimensions:
        yield str(it.size) if it.kind == "fixed" else f"{it.least} to {it.most or 'any'}"


def _written(class_name: str, program: MethodProgram, path: Path) -> int:
    try:
        return onnx_models.write(program.program, path)
    except Exception as error:  # the exporter fails with errors of many types
        place = list(_PLACE.finditer(str(error)))
        where = f" ({Path(place[-1]['path']).name}:{place[-1]['line']})" if place else ""
        raise ExportError(f"{class_name}.{program.method} cannot become ONNX{where}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """The cause at the bottom of a chain of errors, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "Opset mismatch when inlining" in str(error):
        return "a branch or a loop stands inside another one, which torch's ONNX exporter cannot write"
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


def _compared(class_name: str, program: MethodProgram, path: Path) -> tuple[list[str], list[str]]:
    """The changes on which both agree, and those that onnxruntime refuses; raises ExportError where they differ."""
    if not onnx_models.has_runtime():
        return [], []
    what = f"{class_name}.{program.method} as ONNX"
    try:
        session = onnx_models.Session(path)
    except Exception as error:
        raise ExportError(f"{what} is refused by onnxruntime: {_reason(error)}") from error
    compared: list[str] = []
    limits: list[str] = []
    for name, given in _calls(program):
        torch.manual_seed(_SEED)
        with torch.no_grad():
            expected = [torch.as_tensor(one) for one in program.outputs(given)]
        try:
            actual = session.run([one for one, it in zip(given, program.inputs, strict=True) if not _is_fixed(it)])
        except Exception as error:
            if not compared:
                raise ExportError(f"{what} does not run in onnxruntime: {_reason(error)}") from error
            limits.append(f"onnxruntime refuses {name}: {_reason(error)}")
            continue
        actual = [it.reshape(one.shape) if it.numel() == 1 else it for one, it in zip(expected, actual, strict=True)]
        found = compare(expected, actual, _TOLERANCE)
        if found:
            raise ExportError(f"{what} differs in onnxruntime on {name}: {found[0].path}: {found[0].what}")
        compared.append(name)
    return compared, limits


def _is_fixed(one: object) -> bool:
    return isinstance(one, FixedInput)


def _calls(program: MethodProgram) -> Iterator[tuple[str, list[Any]]]:
    """Inputs like those of the example, and changes of them that the program takes."""
    torch.manual_seed(_SEED)
    args, kwargs = build(program.convention.structure, list(program.example))
    example = Example.of(args, kwargs)
    yield "the example inputs", list(program.example)
    for change in [*values(example, ("negated", "zeros")), *sizes(example, ("grown", "doubled"), each=False)]:
        given, wrong = program.fitted(change.args, change.kwargs)
        if not wrong:
            yield change.name, given
