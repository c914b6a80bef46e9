"""Matching arguments to schemas as the compiler does: type variables, implicit conversions, the order of overloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scriptkit.language.inference.type_variables import Bindings, bind, substitute
from scriptkit.language.record import Record
from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    NONE,
    NUMBER,
    STR,
    TENSOR,
    UNKNOWN,
    EmptyList,
    List,
    Tuple,
    Type,
    Union,
    Variable,
    is_optional,
    is_subtype,
    same,
    unify,
    without_none,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scriptkit.language.operators import Argument, Schema

TENSOR_TO = (INT, FLOAT, COMPLEX, NUMBER)


class Mismatch(Record):
    """Why a schema does not take the arguments; `position` is the number of a positional argument, or its keyword."""

    reason: str
    parameter: str = ""
    expected: Type | None = None
    position: int | str | None = None
    progress: int = 0


class Match(NamedTuple):
    """A schema that takes the arguments, and the type it returns for them."""

    schema: Schema
    returns: Type


def converted(actual: Type, formal: Type, *, conversions: bool) -> Type:
    """The type a value has after the compiler converted it towards `formal` (`tryConvertToType`)."""
    if isinstance(formal, Union) and is_optional(formal) and actual is not NONE and not isinstance(actual, Union):
        return converted(actual, without_none(formal), conversions=conversions)
    if isinstance(actual, EmptyList) and isinstance(formal, List):
        return formal
    if isinstance(actual, Tuple):
        if isinstance(formal, List) and tuple_as_list(actual, formal):
            return formal
        if (
            isinstance(formal, Tuple)
            and not is_subtype(actual, formal)
            and len(actual.elements) == len(formal.elements)
        ):
            pairs = zip(actual.elements, formal.elements, strict=False)
            return Tuple([converted(a, f, conversions=conversions) for a, f in pairs], actual.name, actual.fields)
    if conversions:
        return _implicitly(actual, formal)
    return actual


def _implicitly(actual: Type, formal: Type) -> Type:
    if actual is TENSOR and formal in TENSOR_TO:
        return formal
    if actual is NUMBER and formal in (INT, FLOAT, COMPLEX):
        return formal
    if actual is BOOL and formal in (INT, FLOAT, NUMBER):
        return INT if formal is NUMBER else formal
    if actual is STR and formal is DEVICE:
        return DEVICE
    return actual


def tuple_as_list(actual: Tuple, formal: List) -> bool:
    """Whether a tuple may stand where a list is needed: all its elements have the list's element type."""
    element = formal.element
    return all(
        is_subtype(part, element) if not isinstance(element, Variable) else unify(part, actual.elements[0]) is not None
        for part in actual.elements
    )


def accepts(formal: Type, actual: Type, *, conversions: bool = True) -> bool:
    """Whether a value of type `actual` may be passed for `formal`."""
    return is_subtype(converted(actual, formal, conversions=conversions), formal)


def match(
    schema: Schema, positional: Sequence[Type], keywords: Mapping[str, Type], *, conversions: bool
) -> Match | Mismatch:
    """Try one schema, as `tryMatchSchema`."""
    bound: Bindings = {}
    used, taken = 0, set[str]()
    for index, argument in enumerate(schema.arguments):
        if used < len(positional) and not argument.keyword_only:
            if conversions and _takes_rest(schema, index) and not _is_listlike(positional[used], argument.type):
                wrong = _rest_mismatch(argument, positional[used:], used)
                if wrong is not None:
                    return wrong
                used = len(positional)
                continue
            given, where = positional[used], used
            used += 1
        else:
            name = _keyword(argument, keywords, internal=not schema.internal)
            if name is None:
                if argument.has_default:
                    continue
                return Mismatch("missing", argument.name, argument.type, progress=index)
            given, where = keywords[name], name  # type: ignore[assignment]
            taken.add(name)
        wrong = _argument_mismatch(argument, given, where, bound, index, conversions=conversions)
        if wrong is not None:
            return wrong
    if used < len(positional) and not schema.varargs:
        return Mismatch("too-many", position=used, progress=-1)
    for name in keywords:
        if name not in taken:
            return Mismatch(
                "unknown-keyword" if name not in {a.name for a in schema.arguments} else "twice", name, progress=-1
            )
    return Match(schema, substitute(schema.returns, bound))


def _keyword(argument: Argument, keywords: Mapping[str, Type], *, internal: bool) -> str | None:
    if argument.name in keywords:
        return argument.name
    return "input" if internal and argument.name == "self" and "input" in keywords else None


def _argument_mismatch(
    argument: Argument, given: Type, where: int | str, bound: Bindings, index: int, *, conversions: bool
) -> Mismatch | None:
    formal = argument.type
    if argument.length and _single_for_list(given, formal):
        return None
    if not bind(formal, given, bound):
        return Mismatch("type", argument.name, formal, where, index)
    concrete = substitute(formal, bound)
    if not accepts(concrete, given, conversions=conversions):
        return Mismatch("type", argument.name, concrete, where, index)
    return None


def _single_for_list(given: Type, formal: Type) -> bool:
    """`int[2]` takes a single int, `float[2]` a float or an int's own kind."""
    inner = without_none(formal)
    return isinstance(inner, List) and given in (INT, FLOAT) and given == inner.element


def _takes_rest(schema: Schema, index: int) -> bool:
    """Whether `x.view(1, 2)` may be written for a last argument `int[]`."""
    argument = schema.arguments[index]
    last = index + 1 == len(schema.arguments) or schema.arguments[index + 1].keyword_only
    inner = without_none(argument.type)
    return (
        not schema.internal
        and last
        and isinstance(inner, List)
        and not argument.length
        and not isinstance(inner.element, Variable)
    )


def _is_listlike(actual: Type, formal: Type) -> bool:
    inner = without_none(formal)
    return (
        isinstance(actual, List)
        or actual is UNKNOWN
        or (isinstance(actual, Tuple) and isinstance(inner, List) and tuple_as_list(actual, inner))
    )


def _rest_mismatch(argument: Argument, rest: Sequence[Type], start: int) -> Mismatch | None:
    inner = without_none(argument.type)
    element = inner.element if isinstance(inner, List) else UNKNOWN
    for offset, actual in enumerate(rest):
        if not accepts(element, actual):
            return Mismatch("type", argument.name, element, start + offset)
    return None


def resolve(
    schemas: Sequence[Schema], positional: Sequence[Type], keywords: Mapping[str, Type]
) -> Match | list[Mismatch]:
    """Choose the overload: first without conversions, then with; with unknown types, what all candidates agree on."""
    unknown = any(t.has_unknown for t in (*positional, *keywords.values()))
    if len(schemas) == 1:
        only = match(schemas[0], positional, keywords, conversions=True)
        return only if isinstance(only, Match) else [only]
    failures: list[Mismatch] = []
    possible: list[Match] = []
    for conversions in (False, True):
        for schema in schemas:
            found = match(schema, positional, keywords, conversions=conversions)
            if isinstance(found, Mismatch):
                if conversions:
                    failures.append(found)
            elif not unknown:
                return found
            else:
                possible.append(found)
    if not possible:
        return failures
    first = possible[0]
    agreed = all(same(first.returns, other.returns) for other in possible)
    return first if agreed else Match(first.schema, UNKNOWN)
