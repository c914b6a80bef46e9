"""The type variables of a schema: bound to the types of the arguments, replaced in the type of the result."""

from __future__ import annotations

from scriptkit.language.types import (
    NONE,
    UNKNOWN,
    Dict,
    Future,
    List,
    Tuple,
    Type,
    Union,
    Variable,
    is_optional,
    optional,
    unify,
    union,
    without_none,
)

Bindings = dict[str, Type]


def bind(formal: Type, actual: Type, bound: Bindings) -> bool:
    """Bind the type variables of `formal`, as `matchTypeVariables`; False where they contradict."""
    if isinstance(formal, Variable):
        if formal.name not in bound:
            bound[formal.name] = actual
            return True
        return unify(bound[formal.name], actual) is not None
    if not has_variables(formal):
        return True
    if actual is UNKNOWN:
        return True
    if isinstance(formal, List):
        return _bind_list(formal, actual, bound)
    if isinstance(formal, Dict):
        return (
            isinstance(actual, Dict) and bind(formal.key, actual.key, bound) and bind(formal.value, actual.value, bound)
        )
    if isinstance(formal, Tuple):
        return (
            isinstance(actual, Tuple)
            and len(actual.elements) == len(formal.elements)
            and all(bind(f, a, bound) for f, a in zip(formal.elements, actual.elements, strict=False))
        )
    if isinstance(formal, Future):
        return isinstance(actual, Future) and bind(formal.element, actual.element, bound)
    return not is_optional(formal) or actual is NONE or bind(without_none(formal), without_none(actual), bound)


def _bind_list(formal: List, actual: Type, bound: Bindings) -> bool:
    if isinstance(actual, List):
        return bind(formal.element, actual.element, bound)
    if isinstance(actual, Tuple) and actual.elements:
        joined: Type | None = actual.elements[0]
        for part in actual.elements[1:]:
            joined = None if joined is None else unify(joined, part)
        return joined is not None and bind(formal.element, joined, bound)
    return False


def has_variables(t: Type) -> bool:
    """Whether a type variable occurs in `t`."""
    if isinstance(t, Variable):
        return True
    if isinstance(t, (List, Future)):
        return has_variables(t.element)
    if isinstance(t, Dict):
        return has_variables(t.key) or has_variables(t.value)
    parts = t.elements if isinstance(t, Tuple) else t.members if isinstance(t, Union) else ()
    return any(map(has_variables, parts))


def substitute(t: Type, bound: Bindings) -> Type:
    """`t` with its variables replaced; one that nothing bound is unknown."""
    if isinstance(t, Variable):
        return bound.get(t.name, UNKNOWN)
    if not has_variables(t):
        return t
    if isinstance(t, List):
        return List(substitute(t.element, bound))
    if isinstance(t, Future):
        return Future(substitute(t.element, bound))
    if isinstance(t, Dict):
        return Dict(substitute(t.key, bound), substitute(t.value, bound))
    if isinstance(t, Tuple):
        return Tuple([substitute(part, bound) for part in t.elements], t.name, t.fields)
    if isinstance(t, Union):
        inner = [substitute(member, bound) for member in t.members if member is not NONE]
        return optional(union(inner)) if NONE in t.members else union(inner)
    return t
