"""Reading a `.pt2` file: everything is checked before anything of it is evaluated."""

from __future__ import annotations

import inspect
import json
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

import torch

from scriptkit.artifact.checking import newer_torch
from scriptkit.artifact.container import ROOT, Container
from scriptkit.artifact.exported_audit import audit_program
from scriptkit.artifact.exported_literals import structure_of, value_of
from scriptkit.artifact.exported_loaded import LoadedProgram
from scriptkit.artifact.exported_manifest import MANIFEST_ENTRY, ExportedManifest, Method, read_exported_manifest
from scriptkit.artifact.exported_manifest import FixedInput as FixedInputText
from scriptkit.artifact.exported_manifest import NumberInput as NumberInputText
from scriptkit.artifact.exported_tensors import TensorReader
from scriptkit.engines.export import torch_names
from scriptkit.engines.export.convention import Convention
from scriptkit.engines.export.expressions import COMPARISONS, OPERATORS, Guard
from scriptkit.engines.export.inputs import Dimension, FixedInput, NumberInput, TensorInput
from scriptkit.engines.export.programs import MethodProgram, Programs
from scriptkit.engines.export.raw_errors import quoted
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError
from scriptkit.live.nested import Nest, build

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scriptkit.artifact.exported_manifest import Input as InputText
    from scriptkit.artifact.exported_manifest import Program
    from scriptkit.engines.export.inputs import Input
    from scriptkit.live.nested import Structure

_FORMAT_ENTRY = "archive_format"
_KINDS = {
    "positional": inspect.Parameter.POSITIONAL_ONLY,
    "either": inspect.Parameter.POSITIONAL_OR_KEYWORD,
    "arguments": inspect.Parameter.VAR_POSITIONAL,
    "keyword": inspect.Parameter.KEYWORD_ONLY,
    "keywords": inspect.Parameter.VAR_KEYWORD,
}


def is_exported(stream: BinaryIO) -> bool:
    """Whether a file is a PT2 archive, as far as it can be read at all."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return any(name.partition("/")[2] == _FORMAT_ENTRY for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    finally:
        stream.seek(0)


def load_exported(stream: BinaryIO, device: torch.device | None, *, strict: bool, trust: bool) -> LoadedProgram:
    """The programs of a file as one module; raises ArtifactError, saying what is wrong."""
    with zipfile.ZipFile(stream) as archive:
        has_manifest = ROOT + MANIFEST_ENTRY in archive.namelist()
    if not has_manifest:
        word = "; `torch.export.load` reads it as it is" if strict else ", which `strict=False` does not change"
        raise ArtifactError(
            f"the file has no scriptkit manifest, so nothing of it can be checked{word}: export the model with "
            "`scriptkit.export_program` to have one"
        )
    container = Container(stream)
    manifest = read_exported_manifest(container.read(MANIFEST_ENTRY))
    _check_entries(container, manifest)
    contents = {name: container.read(name) for name in container.entries}
    return LoadedProgram(Reading(manifest, contents, device, trust=trust).programs(), manifest)


def _check_entries(container: Container, manifest: ExportedManifest) -> None:
    found, expected = set(container.entries) - {MANIFEST_ENTRY}, set(manifest.checksums)
    for word, names in (("missing", expected - found), ("unknown", found - expected)):
        if names:
            raise ArtifactError(f"the file was changed; entries {word}: {', '.join(sorted(names))}")
    for name, checksum in manifest.checksums.items():
        if container.sha256(name) != checksum:
            raise ArtifactError(f"`{name}` was changed: it does not match its SHA-256 in the manifest")


class Reading:
    """Makes the programs of a file, each part checked first."""

    def __init__(
        self,
        manifest: ExportedManifest,
        contents: Mapping[str, bytes],
        device: torch.device | None,
        *,
        trust: bool,
    ) -> None:
        self.manifest = manifest
        self.contents = contents
        self.tensors = TensorReader(contents, device)
        self.device = device
        self.trust = trust

    def programs(self) -> Programs:
        """All programs, each checked before it is made."""
        missing = files.missing_operators(self.manifest.operators)
        if missing:
            raise ArtifactError(
                f"this process lacks operators the model needs: {', '.join(missing)}; import the package that "
                "registers them first (torchvision, for `torchvision::nms`)"
            )
        documents = {one.name: self._document(one.name) for method in self.manifest.methods for one in method.programs}
        made = {
            method.name: [self._program(method, one, documents[one.name]) for one in method.programs]
            for method in self.manifest.methods
        }
        return Programs(made, training=self.manifest.training)

    def _document(self, name: str) -> bytes:
        entry = f"models/{name}.json"
        if entry not in self.contents:
            raise ArtifactError(f"the file has no `{entry}`")
        try:
            document = json.loads(self.contents[entry])
            major = document["schema_version"]["major"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ArtifactError(f"`{entry}` cannot be read: {error}") from error
        if major != torch_names.SCHEMA_MAJOR:
            raise ArtifactError(
                f"`{entry}` has version {major} of the schema of torch.export, this scriptkit reads "
                f"{torch_names.SCHEMA_MAJOR}: export the model again, or use the scriptkit it was written with"
            )
        findings = [] if self.trust else audit_program(entry, document)
        if findings:
            listed = "".join(f"\n  {finding}" for finding in findings)
            raise ArtifactError(
                f"the file does what a model has no need of; `trust=True` loads it nevertheless:{listed}"
            )
        return self.contents[entry]

    def _program(self, method: Method, text: Program, document: bytes) -> MethodProgram:
        inputs = tuple(map(_input, text.inputs))
        self._refuse_other_device(inputs)
        convention = _convention(method, text)
        if len(convention.names) != len(inputs):
            raise ArtifactError(f"program `{text.name}` has {len(inputs)} inputs, and its arguments name others")
        example = build(convention.plain, [_placeholder(one) for one in inputs])
        state, constants = self.tensors.tensors("weights", text.name), self.tensors.tensors("constants", text.name)
        try:
            program = torch_names.deserialised(document, state, constants, example)
            return MethodProgram(
                method=method.name,
                program=program,
                convention=convention,
                result=structure_of(text.result),
                inputs=inputs,
                guards=tuple(
                    Guard(_expression(g.left), _comparison(g.op), _expression(g.right), g.message) for g in text.guards
                ),
                training=text.training,
                route=text.route,
                has_gradients=text.gradients,
                notes=tuple(text.notes),
            )
        except ArtifactError:
            raise
        except Exception as error:  # noqa: BLE001 - torch fails with errors of many types on a document that is none
            newer = newer_torch(self.manifest.written_by.torch)
            why = f"; {newer}: upgrade torch, or export the model with the torch you have" if newer else ""
            raise ArtifactError(f"torch cannot load program `{text.name}` ({quoted(error)}){why}") from None

    def _refuse_other_device(self, inputs: Sequence[Input]) -> None:
        for one in inputs:
            if isinstance(one, TensorInput) and self.device is not None and self.device.type != one.device:
                raise ArtifactError(
                    f"the programs of the file run on {one.device}, which is part of them: they cannot be loaded to "
                    f"{self.device.type}; export the model on that device"
                )


def _placeholder(one: Input) -> Any:
    return torch.empty(0) if isinstance(one, TensorInput) else one.value


def _convention(method: Method, text: Program) -> Convention:
    parameters = [
        inspect.Parameter(
            one.name,
            _KINDS[one.kind],
            default=inspect.Parameter.empty if one.default is None else _default(one.default),
        )
        for one in method.parameters
    ]
    given: dict[bool, list[tuple[str, Structure]]] = {False: [], True: []}
    for argument in text.arguments:
        given[argument.keyword].append((argument.name, structure_of(argument.value)))
    args = Nest("tuple", tuple, tuple(range(len(given[False]))), tuple(tree for _, tree in given[False]))
    kwargs = Nest("dict", dict, tuple(name for name, _ in given[True]), tuple(tree for _, tree in given[True]))
    structure = Nest("tuple", tuple, (0, 1), (args, kwargs))
    try:
        signature = inspect.Signature(parameters)
    except ValueError as error:
        raise ArtifactError(f"`{method.name}` has parameters that are none: {error}") from error
    return Convention.stored(signature, structure, [one.name for one in text.inputs])


class _Unknown:
    """A default that no file can tell."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _default(text: Mapping[str, Any]) -> Any:
    value = text.get("value")
    return _Unknown(str(value["text"])) if isinstance(value, dict) and "text" in value else value_of(value)


def _input(text: InputText) -> Input:
    if isinstance(text, NumberInputText):
        return NumberInput(text.name, text.value, text.min, text.max, text.reason)
    if isinstance(text, FixedInputText):
        return FixedInput(text.name, value_of(text.value))
    dtype = value_of({"dtype": text.dtype})
    dims = tuple(Dimension(it.kind, it.size, it.min, it.max, it.to, it.reason) for it in text.dims)
    return TensorInput(text.name, dtype, text.device, dims)


def _comparison(op: str) -> str:
    if op not in COMPARISONS:
        raise ArtifactError(f"the manifest compares sizes by {op!r}")
    return op


def _expression(document: Any) -> Any:
    """An expression, once every part of it has proven to be one."""
    if type(document) in {bool, int, float}:
        return document
    if isinstance(document, dict) and set(document) == {"op", "args"} and document["op"] in OPERATORS:
        return {"op": document["op"], "args": [_expression(part) for part in document["args"]]}
    if isinstance(document, dict) and set(document) in ({"size"}, {"value"}):
        return document
    raise ArtifactError(f"the manifest has an expression that is none: {document!r}")
