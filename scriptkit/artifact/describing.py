"""From a compiled module and its description to the manifest."""

from __future__ import annotations

import json
import platform
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from pydantic import JsonValue, TypeAdapter, ValidationError

from scriptkit.artifact import manifest as parts
from scriptkit.artifact.container import VERSION_ENTRIES
from scriptkit.artifact.examples import described
from scriptkit.artifact.literals import default_text, literal_text, literal_value
from scriptkit.artifact.object_tree import object_tree
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError
from scriptkit.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scriptkit.artifact.code_units import Class, Units
    from scriptkit.artifact.description import Description, ExampleCall
    from scriptkit.engines import interface

_JSON = TypeAdapter(dict[str, JsonValue])
_FORMAT = re.compile(rb"[1-9]\d{0,3}\n?")


class Facts(NamedTuple):
    """What is read from the entries of a file: the number of its format, what its code declares, and its objects."""

    file_format: int
    units: Units
    objects: Any


def make_manifest(
    module: torch.jit.ScriptModule, facts: Facts, description: Description, checksums: Mapping[str, str]
) -> parts.Manifest:
    """The manifest of a module whose file has these checksums."""
    tree = object_tree(facts.objects)
    schemas = files.method_schemas(module)
    published = description.methods
    return parts.Manifest(
        written_by=_versions(facts.file_format),
        class_name=description.class_name,
        constructor_arguments=_json_or_none(description.constructor_arguments),
        training=bool(getattr(module, "training", False)),  # a frozen module has no mode
        methods=[
            _method(schema, description, facts.units)
            for schema in schemas
            if published is None or schema.name in published
        ],
        submodules=[parts.Submodule(**vars(choice)) for choice in description.submodules],
        trace_assumptions=list(description.trace_assumptions),
        verification=_verification(description),
        optimization=_optimization(description),
        operators=files.operator_names(module),
        constants=constants_by_path(facts.units, tree.classes),
        metadata=_metadata(description.metadata),
        tensors=tree.tensors,
        checksums=dict(sorted(checksums.items())),
    )


def file_format(entries: Mapping[str, bytes]) -> int:
    """The number of the format, as torch wrote it."""
    text = next((entries[name] for name in VERSION_ENTRIES if name in entries), b"")
    if _FORMAT.fullmatch(text) is None:
        raise ArtifactError("the file does not say which format it has")
    return int(text)


def _versions(number: int) -> parts.Versions:
    return parts.Versions(
        scriptkit=__version__,
        torch=str(torch.__version__),
        python=platform.python_version(),
        file_format=number,
    )


def _method(schema: interface.MethodSchema, description: Description, units: Units) -> parts.Method:
    examples = _examples(schema, description)
    parameters = [
        parts.Parameter(
            name=parameter.name,
            type=parameter.type,
            default=default_text(parameter.default) if parameter.has_default else None,
            keyword_only=parameter.keyword_only,
            example=examples.get(parameter.name),
        )
        for parameter in schema.parameters
    ]
    result = description.results
    return parts.Method(
        name=schema.name,
        signature=schema.text,
        parameters=parameters,
        returns=schema.returns,
        result=described(result[schema.name]) if schema.name in result else None,
        result_fields=list(description.result_fields.get(schema.name) or _fields_of(schema.returns, units)),
    )


def _fields_of(type_text: str, units: Units) -> list[str]:
    """The fields of a named tuple of the file."""
    cls = units.classes.get(type_text)
    return list(cls.attributes) if cls is not None and cls.kind == "NamedTuple" else []


def _examples(schema: interface.MethodSchema, description: Description) -> dict[str, parts.Example]:
    call = description.examples.get(schema.name)
    if call is None:
        return {}
    fixed = description.fixed_dimensions.get(schema.name, {})
    examples = {name: described(value, fixed.get(name, ())) for name, value in _by_name(schema, call).items()}
    return {name: example for name, example in examples.items() if example is not None}


def _by_name(schema: interface.MethodSchema, call: ExampleCall) -> dict[str, object]:
    names = [parameter.name for parameter in schema.parameters]
    unknown = sorted(set(call.keywords) - set(names))
    if len(call.arguments) > len(names) or unknown:
        given = f"{len(call.arguments)} positional" + (f" and {', '.join(unknown)}" if unknown else "")
        message = f"the example inputs do not fit `{schema.name}({', '.join(names)})`: {given} given"
        raise ArtifactError(message)
    return dict(zip(names, call.arguments, strict=False)) | dict(call.keywords)


def _verification(description: Description) -> parts.Verification | None:
    record = description.verification
    if record is None:
        return None
    return parts.Verification(
        seed=record.seed,
        differences=[parts.Difference(**vars(row)) for row in record.differences],
        unreached=list(record.unreached),
    )


def _optimization(description: Description) -> parts.Optimization | None:
    record = description.optimization
    if record is None:
        return None
    return parts.Optimization(
        variant=record.variant, switches=list(record.switches), after_loading=list(record.after_loading)
    )


def constants_by_path(units: Units, classes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The constants of each object that are simple values, by its path."""
    by_class = {name: dict(_simple(cls)) for name, cls in units.classes.items()}
    return {path: by_class[name] for path, name in classes.items() if by_class.get(name)}


def _simple(cls: Class) -> Iterator[tuple[str, str]]:
    for name, text in cls.constants.items() if cls.kind in ("", "Module") else ():
        with suppress(ArtifactError):
            yield name, literal_text(literal_value(text))


def _metadata(metadata: Mapping[str, object]) -> dict[str, JsonValue]:
    try:
        return _JSON.validate_python(json.loads(json.dumps(dict(metadata), allow_nan=False)))
    except (TypeError, ValueError, ValidationError) as error:
        message = f"the metadata is no JSON: {error}"
        raise ArtifactError(message) from error


def _json_or_none(arguments: Mapping[str, object] | None) -> dict[str, JsonValue] | None:
    """The constructor arguments when JSON can say them; otherwise None."""
    try:
        return None if arguments is None else _metadata(arguments)
    except ArtifactError:
        return None
