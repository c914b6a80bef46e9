"""What a type alias stands for, which torch does not ask: `type Floats = list[float]`, or a `TypeAliasType`."""

from __future__ import annotations

import inspect
import typing
from types import GenericAlias, UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Union, cast, get_args, get_origin
from weakref import WeakKeyDictionary

import typing_extensions

if TYPE_CHECKING:
    from collections.abc import Callable

    OfClass: typing.TypeAlias = Callable[[type], type]

_KINDS = tuple({typing_extensions.TypeAliasType, getattr(typing, "TypeAliasType", typing_extensions.TypeAliasType)})
_plain_tuples: WeakKeyDictionary[type, type] = WeakKeyDictionary()


def is_alias(value: object) -> bool:
    """Whether a value was made by a `type` statement."""
    return isinstance(value, _KINDS)


def written_out(annotation: Any) -> Any:
    """An annotation without aliases; one that contains itself, or whose value cannot be had, stays as it is."""
    return _or_itself(annotation, lambda cls: cls)


def for_compiler(annotation: Any) -> Any:
    """The same, with NamedTuples whose fields are without aliases, too: torch reads the fields of the class."""
    return _or_itself(annotation, _with_plain_fields)


def unquoted(cls: type) -> dict[str, Any]:
    """The annotations of a class, resolved; as written where a name is not in its module.

    Torch reads a quoted one, and any under `from __future__ import annotations`, only where the class is named by
    itself, and not in `List[...]`.
    """
    declared = inspect.get_annotations(cls)
    if not any(map(_is_quoted, declared.values())):
        return declared
    try:
        resolved = typing.get_type_hints(cls, include_extras=True)
    except Exception:  # noqa: BLE001 - the user's own expressions
        return declared
    return {name: resolved.get(name, annotation) for name, annotation in declared.items()}


def _is_quoted(annotation: Any) -> bool:
    return isinstance(annotation, str | typing.ForwardRef) or any(map(_is_quoted, get_args(annotation)))


def _or_itself(annotation: Any, of_class: OfClass) -> Any:
    try:
        return _written_out(annotation, of_class)
    except Exception:  # noqa: BLE001 - the value is the user's own expression, evaluated when it is asked for
        return annotation


def _written_out(annotation: Any, of_class: OfClass) -> Any:
    if is_alias(annotation):
        return _written_out(annotation.__value__, of_class)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if is_alias(origin):
        return _written_out(origin.__value__[arguments], of_class)
    if isinstance(annotation, type) and origin is None:
        return of_class(annotation)
    plain = tuple(_written_out(one, of_class) for one in arguments)
    if all(one is other for one, other in zip(plain, arguments, strict=True)):
        return annotation
    if isinstance(annotation, UnionType):
        return Union[plain]  # noqa: UP007 - as many as there are
    if isinstance(annotation, GenericAlias):
        return GenericAlias(cast("type", origin), plain)
    return annotation.copy_with(plain)


def _with_plain_fields(cls: Any) -> Any:
    """A NamedTuple without aliases or quotes in its fields; any class without them is itself."""
    if not (issubclass(cls, tuple) and hasattr(cls, "_field_defaults")):
        return cls
    declared = inspect.get_annotations(cls)
    fields = [(name, for_compiler(annotation)) for name, annotation in unquoted(cls).items()]
    if all(plain is declared[name] for name, plain in fields):
        return cls
    if cls not in _plain_tuples:
        made: Any = NamedTuple(cls.__name__, fields)  # type: ignore[misc]
        made.__new__.__defaults__ = tuple(cls._field_defaults.values())
        made._field_defaults, made.__module__, made.__qualname__ = cls._field_defaults, cls.__module__, cls.__qualname__
        _plain_tuples[cls] = made
    return _plain_tuples[cls]
