"""Results in the types the user declared: compiled code knows NamedTuples and classes by structure only."""

from __future__ import annotations

import dataclasses
import types
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import torch

from scriptkit.engines.torchscript.lifting.annotations import resolved_signature
from scriptkit.live.type_aliases import unquoted, written_out

if TYPE_CHECKING:
    from collections.abc import Callable


def converter_for(function: types.FunctionType) -> Callable[[Any], Any] | None:
    """What turns a compiled result into the declared type, or None where it is that already."""
    return _converter(resolved_signature(function).return_annotation)


def _converter(annotation: Any) -> Callable[[Any], Any] | None:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and origin is None:
        return _class_converter(annotation)
    if origin in (list, tuple, dict):
        return _container_converter(origin, arguments)
    if origin in (Union, types.UnionType):
        parts = [part for part in map(_converter, arguments) if part is not None]
        return _optional(parts[0]) if len(parts) == 1 else None
    return None


def _class_converter(cls: type) -> Callable[[Any], Any] | None:
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        fields = [_converter(written_out(annotation)) for annotation in unquoted(cls).values()]
        return lambda value: cls(*_each(fields, value))
    if dataclasses.is_dataclass(cls) or getattr(cls, "__scriptkit_script__", False) is True:
        return lambda value: _as_object(cls, value)
    return None


def _as_object(cls: type, value: Any) -> Any:
    """A script object as an instance of the user's class."""
    if isinstance(value, cls):
        return value
    names = [f.name for f in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else _attribute_names(value)
    result: Any = object.__new__(cls)
    result.__dict__.update({name: getattr(value, name) for name in names})
    return result


def _attribute_names(value: Any) -> list[str]:
    return [name for name in dir(value) if not name.startswith("__")]


def _container_converter(origin: type, arguments: tuple[Any, ...]) -> Callable[[Any], Any] | None:
    parts = [_converter(argument) for argument in arguments if argument is not Ellipsis]
    if not any(parts):
        return None
    if origin is tuple:
        return lambda value: tuple(_each(parts, value))
    part = parts[-1]
    if part is None:
        return None
    if origin is list:
        return lambda value: [part(item) for item in value]
    return lambda value: {key: part(item) for key, item in value.items()}


def _each(parts: list[Callable[[Any], Any] | None], value: Any) -> list[Any]:
    return [item if part is None else part(item) for part, item in zip(parts, value, strict=False)]


def _optional(part: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if value is None or isinstance(value, torch.Tensor) else part(value)
