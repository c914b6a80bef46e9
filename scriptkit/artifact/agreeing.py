"""Is a loaded program what the manifest says? Asked of all that can be asked: a manifest is written by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.describing import constants_by_path
from scriptkit.artifact.literals import default_text
from scriptkit.artifact.object_tree import object_tree
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.artifact.describing import Facts
    from scriptkit.artifact.manifest import Manifest, Method
    from scriptkit.engines import interface


def refuse_contradictions(manifest: Manifest, module: torch.jit.ScriptModule, facts: Facts, *, trust: bool) -> None:
    """Raise ArtifactError unless the manifest tells the truth about the loaded module."""
    found = list(_contradictions(manifest, module, facts, trust=trust))
    if found:
        listed = "".join(f"\n  {one}" for one in found)
        message = f"the file is not what its manifest says; whoever changed it changed the manifest too:{listed}"
        raise ArtifactError(message)


def _contradictions(manifest: Manifest, module: torch.jit.ScriptModule, facts: Facts, *, trust: bool) -> Iterator[str]:
    if manifest.written_by.file_format != facts.file_format:
        yield f"the format: {manifest.written_by.file_format}, the file has {facts.file_format}"
    name = str(getattr(module, "original_name", ""))
    if _short(manifest.class_name) != _short(name):
        yield f"the class: {manifest.class_name}, the program is a {name}"
    training = bool(getattr(module, "training", False))
    if manifest.training != training:
        yield f"the training flag: {manifest.training}, the program has {training}"
    tree = object_tree(facts.objects)
    if manifest.tensors != tree.tensors:
        yield f"the tensors: {_first_difference(manifest.tensors, tree.tensors)}"
    constants = constants_by_path(facts.units, tree.classes)
    if not trust and manifest.constants != constants:
        yield f"the constants: {_first_difference(manifest.constants, constants)}"
    yield from _of_methods(manifest, module)
    if not trust:
        yield from _of_operators(manifest, module)


def _of_methods(manifest: Manifest, module: torch.jit.ScriptModule) -> Iterator[str]:
    schemas = {schema.name: schema for schema in files.method_schemas(module)}
    is_same_torch = manifest.written_by.torch == str(torch.__version__)
    names = [method.name for method in manifest.methods]
    if len(set(names)) != len(names):
        yield "the methods: one stands there twice"
    for method in manifest.methods:
        schema = schemas.get(method.name)
        if schema is None:
            yield f"the methods: `{method.name}`, the program has {', '.join(schemas) or 'none'}"
        elif _told(method) != _meant(schema) or (is_same_torch and method.signature != schema.text):
            yield f"the signature of `{method.name}`: {method.signature}, the program has {schema.text}"


def _of_operators(manifest: Manifest, module: torch.jit.ScriptModule) -> Iterator[str]:
    """Another torch may see other operators: it upgrades old ones."""
    found = files.operator_names(module)
    if manifest.written_by.torch == str(torch.__version__) and manifest.operators != found:
        yield f"the operators: {', '.join(sorted(set(found) ^ set(manifest.operators))) or 'another order'}"


def _told(method: Method) -> list[Any]:
    return [
        method.returns,
        *((one.name, one.type, one.default, one.keyword_only) for one in method.parameters),
    ]


def _meant(schema: interface.MethodSchema) -> list[Any]:
    return [
        schema.returns,
        *(
            (one.name, one.type, default_text(one.default) if one.has_default else None, one.keyword_only)
            for one in schema.parameters
        ),
    ]


def _short(name: str) -> str:
    """A class name without its module."""
    return name.rpartition(".")[2]


def _first_difference(told: dict[str, Any], found: dict[str, Any]) -> str:
    """The first name for which two tables differ."""
    for name in [*told, *found]:
        if told.get(name) != found.get(name):
            return (
                f"`{name or 'the model'}` is {told.get(name, 'not there')}, in the file {found.get(name, 'not there')}"
            )
    return "in another order"
