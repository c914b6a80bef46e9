"""Displays and comprehensions: tuples, lists, dicts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.abstract import AnyValue, Sugared
from scriptkit.language.inference.assignments import assign
from scriptkit.language.inference.iteration import iterate
from scriptkit.language.problems.containers import ContainerElementMismatch, DictKeyType
from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    EmptyList,
    List,
    Tuple,
    Type,
    is_optional,
    is_subtype,
    known,
    unify,
    without_none,
)
from scriptkit.language.values import ModuleValue, TupleValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.inference.body import Body

KEYS = (INT, FLOAT, COMPLEX, BOOL, STR, TENSOR, DEVICE)


def read_tuple(body: Body, node: ast.Tuple, hint: Type | None) -> AnyValue:
    """`(a, b)`."""
    hints: Sequence[Type | None] = [None] * len(node.elts)
    wanted = without_none(hint) if hint is not None else None
    if isinstance(wanted, Tuple) and len(wanted.elements) == len(node.elts):
        hints = wanted.elements
    parts: list[AnyValue] = []
    for part, part_hint in zip(node.elts, hints, strict=False):
        if isinstance(part, ast.Starred):
            inner = body.value(part.value)
            if isinstance(inner, Tuple):
                parts.extend(inner.elements)
                continue
            return UNKNOWN
        parts.append(body.value(part, part_hint))
    if any(isinstance(part, Sugared) for part in parts):
        if isinstance(body.module.parent(node), (ast.Return, ast.Assign)):
            wrong = next((p, n) for p, n in zip(parts, node.elts, strict=False) if isinstance(p, Sugared))
            body.as_type(*wrong, "a tuple")
        return TupleValue(tuple(parts))
    return Tuple([part for part in parts if isinstance(part, Type)])


def read_list(body: Body, node: ast.List, hint: Type | None) -> AnyValue:
    """`[a, b]`."""
    wanted = _container_hint(hint, List)
    element = wanted.element if isinstance(wanted, List) else None
    if not node.elts:
        return wanted if wanted is not None else EmptyList()
    if any(isinstance(part, ast.Starred) for part in node.elts):
        for part in node.elts:
            body.value(part.value if isinstance(part, ast.Starred) else part)
        return UNKNOWN
    types = [body.type(part, element, use="a list") for part in node.elts]
    if element is not None:
        return _hinted(body, types, node.elts, element, List(element))
    return List(_common_type(types))


def _hinted(body: Body, types: Sequence[Type], nodes: Sequence[ast.expr], element: Type, whole: Type) -> Type:
    for found, part in zip(types, nodes, strict=False):
        if not is_subtype(found, element):
            return body.report(ContainerElementMismatch(container=whole, element=found), part)
    return whole


def _common_type(types: Sequence[Type]) -> Type:
    joined = types[0]
    for other in types[1:]:
        found = unify(joined, other, to_union=True)
        joined = UNKNOWN if found is None else found
    return joined


def read_dict(body: Body, node: ast.Dict, hint: Type | None) -> AnyValue:
    """`{k: v}`."""
    wanted = _container_hint(hint, Dict)
    if not node.keys:
        return wanted if wanted is not None else Dict(STR, TENSOR)
    if any(key is None for key in node.keys):
        return UNKNOWN
    keys = [body.type(key, use="a dict key") for key in node.keys if key is not None]
    value_hint = wanted.value if isinstance(wanted, Dict) else None
    values = [body.type(value, value_hint, use="a dict value") for value in node.values]
    if isinstance(wanted, Dict):
        _hinted(body, keys, [k for k in node.keys if k is not None], wanted.key, wanted)
        return _hinted(body, values, node.values, wanted.value, wanted)
    key = _common_type(keys)
    if known(key) and key not in KEYS:
        return body.report(DictKeyType(key=key), node)
    return Dict(key, _common_type(values))


def read_list_comprehension(body: Body, node: ast.ListComp | ast.GeneratorExp, hint: Type | None) -> AnyValue:
    """`[f(x) for x in xs]`, also without the brackets."""
    if len(node.generators) > 1 or node.generators[0].ifs:
        return UNKNOWN
    wanted = _container_hint(hint, List)
    run = iterate(body, body.value(node.generators[0].iter), node.generators[0].iter)
    items = run.items if run.unrolled and run.items is not None else (run.element,)
    found: list[Type] = []
    for item in items[:64] or (run.element,):
        with body.inner(has_own_names=_is_scriptkits(body)):
            assign(body, node.generators[0].target, item, None)
            element = body.value(node.elt)
            if isinstance(element, ModuleValue):
                return UNKNOWN
            found.append(body.as_type(element, node.elt, "a list"))
    if isinstance(wanted, List):
        return _hinted(body, found, [node.elt] * len(found), wanted.element, wanted)
    return List(_common_type(found))


def read_dict_comprehension(body: Body, node: ast.DictComp, _hint: Type | None) -> AnyValue:
    """`{k: v for ...}`."""
    if len(node.generators) > 1 or node.generators[0].ifs:
        return UNKNOWN
    run = iterate(body, body.value(node.generators[0].iter), node.generators[0].iter)
    with body.inner(has_own_names=_is_scriptkits(body)):
        assign(body, node.generators[0].target, run.element, None)
        key = body.type(node.key, use="a dict key")
        value = body.type(node.value, use="a dict value")
    if known(key) and key not in KEYS:
        return body.report(DictKeyType(key=key), node)
    return Dict(key, value)


def _is_scriptkits(body: Body) -> bool:
    """Whether scriptkit compiles it, which gives comprehensions names of their own."""
    return body.sink.cls is not None and body.sink.cls.scriptable


def _container_hint(hint: Type | None, kind: type[Type]) -> Type | None:
    if hint is None:
        return None
    inner = without_none(hint) if is_optional(hint) else hint
    return inner if isinstance(inner, kind) else None
