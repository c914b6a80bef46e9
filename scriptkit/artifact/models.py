"""From anything `save` accepts to a compiled module and its description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.artifact.description import Description, ExampleCall
from scriptkit.engines.torchscript import files
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


def described_model(
    m: torch.nn.Module,
    example_inputs: tuple[object, ...] | Mapping[str, tuple[object, ...]] | None,
    example_kwargs: Mapping[str, object] | None,
    metadata: Mapping[str, object] | None,
) -> tuple[torch.jit.ScriptModule, Description]:
    """The compiled form of a model, and what is known of it."""
    if not files.is_script_module(m):
        raise ArtifactError(f"a {type(m).__name__} cannot be saved: it is not compiled")
    return m, Description(
        class_name=str(getattr(m, "original_name", type(m).__name__)),
        metadata=metadata or {},
        examples=_examples(example_inputs, example_kwargs),
    )


def _examples(
    inputs: tuple[object, ...] | Mapping[str, tuple[object, ...]] | None, keywords: Mapping[str, object] | None
) -> dict[str, ExampleCall]:
    if inputs is None and not keywords:
        return {}
    if isinstance(inputs, dict):
        calls = {name: ExampleCall(arguments) for name, arguments in inputs.items()}
        return calls | {"forward": ExampleCall(inputs.get("forward", ()), keywords)} if keywords else calls
    if inputs is not None and not isinstance(inputs, tuple):
        raise ArtifactError(f"`example_inputs` is a tuple of arguments, not a {type(inputs).__name__}")
    return {"forward": ExampleCall(inputs or (), keywords or {})}
