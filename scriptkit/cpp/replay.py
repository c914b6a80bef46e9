"""Calls recorded in Python, for C++ to make again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import torch

from scriptkit.artifact.examples import made_again
from scriptkit.artifact.literals import has_literal, literal_value

if TYPE_CHECKING:
    from scriptkit.artifact.loaded import LoadedModule
    from scriptkit.artifact.manifest import Method

_SEED = 0


def recorded_calls(model: LoadedModule) -> bytes:
    """Each method called once with arguments like its recorded examples, and what it returned; for LibTorch."""
    generator = torch.Generator().manual_seed(_SEED)
    calls = []
    with torch.no_grad():
        for method in model.manifest.methods:
            if is_replayable(method):
                arguments = _arguments(method, generator)
                given = _plain(arguments)
                result = getattr(model, method.name)(*arguments)
                calls.append((method.name, given, _plain(result)))
    stream = io.BytesIO()
    torch.save(calls, stream)
    return stream.getvalue()


def is_replayable(method: Method) -> bool:
    """Whether an example or a default is known for every parameter."""
    return all(parameter.example is not None or has_literal(parameter.default or "") for parameter in method.parameters)


def _arguments(method: Method, generator: torch.Generator) -> list[object]:
    return [
        made_again(parameter.example, generator)
        if parameter.example is not None
        else literal_value(parameter.default or "")
        for parameter in method.parameters
    ]


def _plain(value: object) -> object:
    """A copy without named tuples, which C++ cannot unpickle."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().contiguous()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return tuple(_plain(item) for item in value) if isinstance(value, tuple) else value
