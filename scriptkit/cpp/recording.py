"""Calls recorded in Python, for C++ to make again: a zip file of JSON and plain bytes, without a pickle.

`calls.json` is a list of calls; each names its method, its arguments, and what came of them. Tensors are entries of
their own, little-endian and contiguous.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

_FOLDER = "recording"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Call:
    """One call: the method, what it was given, and what it returned, unless it was refused."""

    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    is_refused: bool = False


def write_recording(path: str | os.PathLike[str], calls: list[Call]) -> None:
    """Write calls to a file, under a temporary name first. Raises TypeError for values C++ has no kind for."""
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            tensors: list[torch.Tensor] = []
            described = [_described(call, tensors) for call in calls]
            _add(archive, "calls.json", json.dumps(described).encode())
            for number, tensor in enumerate(tensors):
                _add(archive, f"tensors/{number}", _bytes(tensor))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(f"{_FOLDER}/{name}", _FIXED_TIME), content)


def _bytes(tensor: torch.Tensor) -> bytes:
    """The elements, one after the other, whatever the dtype: numpy knows no bfloat16, but it knows bytes."""
    plain = tensor.detach().cpu().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b""


def _described(call: Call, tensors: list[torch.Tensor]) -> dict[str, Any]:
    return {
        "method": call.method,
        "arguments": [_value(argument, tensors) for argument in call.arguments],
        "named": {name: _value(argument, tensors) for name, argument in call.named.items()},
        "refused": call.is_refused,
        "result": None if call.is_refused else _value(call.result, tensors),
    }


def _value(value: Any, tensors: list[torch.Tensor]) -> dict[str, Any]:
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return {
            "kind": "tensor",
            "entry": f"tensors/{len(tensors) - 1}",
            "dtype": str(value.dtype).removeprefix("torch."),
            "sizes": list(value.shape),
        }
    if isinstance(value, dict):
        items = [_value(item, tensors) for item in value.values()]
        return {"kind": "dict", "keys": [str(key) for key in value], "items": items}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {"kind": "record", "keys": list(value._fields), "items": [_value(item, tensors) for item in value]}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {"kind": kind, "items": [_value(item, tensors) for item in value]}
    return {"kind": "value", "value": _literal(value)}


def _literal(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"C++ has no kind for a {type(value).__name__} among the arguments and results")
