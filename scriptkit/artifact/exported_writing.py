"""Writing programs to a `.pt2` file: reproducible, complete or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import platform
from typing import TYPE_CHECKING, Any, BinaryIO

import torch
from pydantic import JsonValue, TypeAdapter, ValidationError

from scriptkit.artifact import exported_manifest as parts
from scriptkit.artifact.container import write_container
from scriptkit.artifact.exported_literals import literal, structure_document
from scriptkit.artifact.exported_programs import operators, program_bytes
from scriptkit.artifact.exported_reading import Reading
from scriptkit.artifact.exported_tensors import TensorEntries
from scriptkit.artifact.sources import text_path
from scriptkit.artifact.writing import write_atomically
from scriptkit.engines.export import torch_names
from scriptkit.engines.export.convention import PLAIN_VALUES
from scriptkit.engines.export.inputs import FixedInput, NumberInput, TensorInput
from scriptkit.engines.export.raw_errors import unwritable
from scriptkit.errors import ArtifactError
from scriptkit.live.nested import Nest, build
from scriptkit.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scriptkit.engines.export.inputs import Input
    from scriptkit.engines.export.programs import MethodProgram, Programs

FIRST = "model"
_KINDS = {
    0: "positional",
    1: "either",
    2: "arguments",
    3: "keyword",
    4: "keywords",
}


def write_exported(
    programs: Programs,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    class_name: str,
    metadata: Mapping[str, Any],
) -> None:
    """Write all programs to one file; raises ArtifactError where that is not possible."""
    whole = exported_contents(programs, class_name, metadata)
    _require_readable(whole)
    contents = list(whole.items())
    if isinstance(target, (str, os.PathLike)):
        write_atomically(text_path(target), lambda stream: write_container(stream, contents))
    else:
        write_container(target, contents)


def _require_readable(contents: Mapping[str, bytes]) -> None:
    """What torch writes it does not always read: such a file is not written."""
    manifest = parts.read_exported_manifest(contents[parts.MANIFEST_ENTRY])
    try:
        Reading(manifest, contents, None, trust=False).programs()
    except ArtifactError as error:
        raise ArtifactError(f"no file can hold {manifest.class_name}: {error}") from None


def exported_contents(programs: Programs, class_name: str, metadata: Mapping[str, Any]) -> dict[str, bytes]:
    """The entries of the file, in order."""
    named = dict(_names(programs))
    tensors, current = TensorEntries(), _current(programs)
    contents = {"archive_format": b"pt2", "archive_version": b"0", "byteorder": b"little", ".data/version": b"6\n"}
    called: set[str] = set()
    for name, program in named.items():
        document = _serialised(name, program)
        called |= operators(document)
        contents[f"models/{name}.json"] = program_bytes(document)
        contents[f"data/sample_inputs/{name}.pt"] = _sample(program)
        tensors.add(name, program.program, current)
    contents |= tensors.entries()
    made = parts.ExportedManifest(
        written_by=_written_by(),
        class_name=class_name,
        training=programs.training,
        methods=[_method(programs, method, named) for method in programs.methods],
        operators=sorted(called),
        verification=[
            parts.Verification(program=name, compared=list(program.compared)) for name, program in named.items()
        ],
        metadata=_metadata(metadata),
        checksums={name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
    )
    return contents | {parts.MANIFEST_ENTRY: made.to_bytes()}


def _names(programs: Programs) -> Iterator[tuple[str, MethodProgram]]:
    """The program that torch reads first, then all others by method and number."""
    for method in programs.methods:
        for number, program in enumerate(programs.of(method)):
            is_first = method == programs.methods[0] and number == 0
            yield FIRST if is_first else f"{method}.{number}", program


def _current(programs: Programs) -> dict[str, torch.Tensor]:
    """The tensors as they are now: training and loading may have put others in the place of the first."""
    return {
        **dict(programs.named_parameters(remove_duplicate=False)),
        **dict(programs.named_buffers(remove_duplicate=False)),
    }


def _serialised(name: str, program: MethodProgram) -> dict[str, Any]:
    try:
        return torch_names.serialised(program.program)
    except Exception as error:  # noqa: BLE001 - torch's serializer fails with errors of many types
        raise ArtifactError(f"program `{name}` cannot be written: {unwritable(error)}") from None


def _sample(program: MethodProgram) -> bytes:
    """Arguments of the sizes of the example, all zeros: without any, torch would not check guards after loading."""
    values: list[Any] = []
    for one in program.inputs:
        if isinstance(one, TensorInput):
            sizes = [dimension.size for dimension in one.dimensions]
            values.append(torch.zeros(sizes, dtype=one.dtype, device=one.device))
        else:
            values.append(one.value if isinstance(one.value, PLAIN_VALUES) else None)
    args, kwargs = build(program.convention.plain, values)
    stream = io.BytesIO()
    torch.save((args, kwargs), stream)
    return stream.getvalue()


def _written_by() -> parts.WrittenBy:
    return parts.WrittenBy(
        scriptkit=__version__,
        torch=str(torch.__version__).partition("+")[0],
        python=platform.python_version(),
        schema_version=torch_names.schema_version(),
    )


def _metadata(metadata: Mapping[str, Any]) -> dict[str, JsonValue]:
    try:
        return TypeAdapter(dict[str, JsonValue]).validate_python(dict(metadata))
    except ValidationError as error:
        raise ArtifactError(f"the metadata is no JSON: {error}") from error


def _method(programs: Programs, method: str, named: Mapping[str, MethodProgram]) -> parts.Method:
    signature = programs.of(method)[0].convention.signature
    parameters = [
        parts.Parameter(
            name=parameter.name,
            kind=_KINDS[int(parameter.kind)],  # type: ignore[arg-type]
            default=None if parameter.default is parameter.empty else {"value": _default(parameter.default)},
        )
        for parameter in signature.parameters.values()
    ]
    own = [_program(name, program) for name, program in named.items() if program.method == method]
    return parts.Method(name=method, parameters=parameters, programs=own)


def _default(value: Any) -> Any:
    """The literal of a default, or its text where it has none."""
    try:
        return literal(value)
    except ArtifactError:
        return {"text": f"<{type(value).__name__}>"}


def _program(name: str, program: MethodProgram) -> parts.Program:
    fixed = [one for one in program.inputs if isinstance(one, FixedInput)]
    return parts.Program(
        name=name,
        route=program.route,
        training=program.training,
        gradients=program.has_gradients,
        fixed=[parts.FixedArgument(argument=one.name, value=literal(one.value)) for one in fixed],
        guards=[
            parts.Guard(left=guard.left, op=guard.op, right=guard.right, message=guard.message)
            for guard in program.guards
        ],
        inputs=[_input(one) for one in program.inputs],
        arguments=list(_arguments(program)),
        result=structure_document(program.result, lambda _: {"kind": "tensor"}),
        notes=list(program.notes),
    )


def _input(one: Input) -> parts.Input:
    if isinstance(one, NumberInput):
        return parts.NumberInput(name=one.name, value=one.value, min=one.least, max=one.most, reason=one.reason)
    if isinstance(one, FixedInput):
        return parts.FixedInput(name=one.name, value=literal(one.value))
    dims = [
        parts.Dimension(kind=it.kind, size=it.size, min=it.least, max=it.most, to=it.to, reason=it.reason)
        for it in one.dimensions
    ]
    return parts.TensorInput(name=one.name, dtype=str(one.dtype).removeprefix("torch."), device=one.device, dims=dims)


def _arguments(program: MethodProgram) -> Iterator[parts.Argument]:
    structure = program.convention.structure
    assert isinstance(structure, Nest)  # noqa: S101 - it is `(args, kwargs)`

    def kind_of(number: int) -> dict[str, Any]:
        one = program.inputs[number]
        if isinstance(one, FixedInput):
            return {"kind": "value", "value": literal(one.value)}
        return {"kind": "int" if isinstance(one, NumberInput) else "tensor"}

    names = program.convention.argument_names
    for keyword, nest in zip((False, True), structure.items, strict=True):
        assert isinstance(nest, Nest)  # noqa: S101 - a tuple and a dictionary
        for name, item in zip(nest.keys if keyword else names, nest.items, strict=True):
            yield parts.Argument(name=str(name), keyword=keyword, value=structure_document(item, kind_of))
