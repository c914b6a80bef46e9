"""mypy's types as TorchScript has them; what it has no equal of is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.types import Instance, NoneType, TupleType, UnionType, get_proper_type

from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    List,
    Tuple,
    Type,
    optional,
)
from scriptkit.mypy import names

if TYPE_CHECKING:
    import mypy.types

PLAIN: dict[str, Type] = {
    "builtins.int": INT,
    "builtins.float": FLOAT,
    "builtins.bool": BOOL,
    "builtins.str": STR,
    "builtins.complex": COMPLEX,
    "torch._C.device": DEVICE,
}


def translated(given: mypy.types.Type | None) -> Type:
    """The type that compiled code sees where mypy sees this one."""
    given = None if given is None else get_proper_type(given)
    if isinstance(given, Instance):
        return _instance(given)
    if isinstance(given, TupleType):
        return Tuple([translated(item) for item in given.items]) if _is_plain(given) else UNKNOWN
    if isinstance(given, NoneType):
        return NONE
    if isinstance(given, UnionType):
        rest = [item for item in given.items if not isinstance(get_proper_type(item), NoneType)]
        return optional(translated(rest[0])) if len(rest) == 1 < len(given.items) else UNKNOWN
    return UNKNOWN


def _instance(given: Instance) -> Type:
    name = given.type.fullname
    if name in PLAIN:
        return PLAIN[name]
    if name == "builtins.list":
        return List(translated(given.args[0]))
    if name == "builtins.dict":
        return Dict(translated(given.args[0]), translated(given.args[1]))
    return TENSOR if given.type.has_base(names.TENSOR) else UNKNOWN


def _is_plain(given: TupleType) -> bool:
    """Whether this is no NamedTuple."""
    return given.partial_fallback.type.fullname == "builtins.tuple"
