"""`save`: any module scriptkit knows, as a file any LibTorch program loads, with a manifest inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.artifact.description import Description, ExampleCall, SubmoduleChoice
from scriptkit.artifact.writing import write_artifact
from scriptkit.engines.torchscript import reading

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import BinaryIO

    import torch


def save(
    module: torch.nn.Module,
    path_or_file: str | os.PathLike[str] | BinaryIO,
    *,
    example_inputs: tuple[Any, ...] | None = None,
    example_kwargs: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a compiled module to a file; an old file at the target stays as it was until the new one is complete.

    `example_inputs` (positional) and `example_kwargs` describe a call of `forward` in the manifest; `metadata` is any
    JSON-able mapping of the user's.

    Raises:
        CompilationError: the module does not compile as it is now.
        ArtifactError: it cannot be saved, or the target cannot be written.
    """
    reading.refuse_unsaveable(module)
    report = reading.report(module)
    examples = {"forward": ExampleCall(tuple(example_inputs or ()), dict(example_kwargs or {}))}
    description = Description(
        class_name=f"{type(module).__module__}.{type(module).__qualname__}",
        submodules=[SubmoduleChoice(r.path, r.class_name, r.mode, r.reason) for r in report.rows],
        metadata=dict(metadata or {}),
        examples=examples if example_inputs is not None or example_kwargs is not None else {},
    )
    write_artifact(reading.to_torchscript(module), path_or_file, description=description)
