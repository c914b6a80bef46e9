"""Displays and comprehensions: tuples, lists, dicts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.body import Body
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
from scriptkit.language.values import (
    ModuleValue,
    Sugared,
    TupleValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.values import AnyValue

KEYS = (INT, FLOAT, COMPLEX, BOOL, STR, TENSOR, DEVICE)


class Literals(Body):
    """The part of the pass that reads displays and comprehensions."""

    def _read_tuple(self, node: ast.Tuple, hint: Type | None) -> AnyValue:
        hints: Sequence[Type | None] = [None] * len(node.elts)
        wanted = without_none(hint) if hint is not None else None
        if isinstance(wanted, Tuple) and len(wanted.elements) == len(node.elts):
            hints = wanted.elements
        parts: list[AnyValue] = []
        for part, part_hint in zip(node.elts, hints, strict=False):
            if isinstance(part, ast.Starred):
                inner = self.value(part.value)
                if isinstance(inner, Tuple):
                    parts.extend(inner.elements)
                    continue
                return UNKNOWN
            parts.append(self.value(part, part_hint))
        if any(isinstance(part, Sugared) for part in parts):
            if isinstance(self.module.parent(node), (ast.Return, ast.Assign)):
                wrong = next((p, n) for p, n in zip(parts, node.elts, strict=False) if isinstance(p, Sugared))
                self.as_type(*wrong, "a tuple")
            return TupleValue(tuple(parts))
        return Tuple([part for part in parts if isinstance(part, Type)])

    def _read_list(self, node: ast.List, hint: Type | None) -> AnyValue:
        wanted = _container_hint(hint, List)
        element = wanted.element if isinstance(wanted, List) else None
        if not node.elts:
            return wanted if wanted is not None else EmptyList()
        if any(isinstance(part, ast.Starred) for part in node.elts):
            for part in node.elts:
                self.value(part.value if isinstance(part, ast.Starred) else part)
            return UNKNOWN
        types = [self.type(part, element, use="a list") for part in node.elts]
        if element is not None:
            return self._hinted(types, node.elts, element, List(element))
        return List(self._common(types))

    def _hinted(self, types: Sequence[Type], nodes: Sequence[ast.expr], element: Type, whole: Type) -> Type:
        for found, part in zip(types, nodes, strict=False):
            if not is_subtype(found, element):
                return self.report("container-element-mismatch", part, container=whole, element=found)
        return whole

    @staticmethod
    def _common(types: Sequence[Type]) -> Type:
        joined = types[0]
        for other in types[1:]:
            found = unify(joined, other, to_union=True)
            joined = UNKNOWN if found is None else found
        return joined

    def _read_dict(self, node: ast.Dict, hint: Type | None) -> AnyValue:
        wanted = _container_hint(hint, Dict)
        if not node.keys:
            return wanted if wanted is not None else Dict(STR, TENSOR)
        if any(key is None for key in node.keys):
            return UNKNOWN
        keys = [self.type(key, use="a dict key") for key in node.keys if key is not None]
        value_hint = wanted.value if isinstance(wanted, Dict) else None
        values = [self.type(value, value_hint, use="a dict value") for value in node.values]
        if isinstance(wanted, Dict):
            self._hinted(keys, [k for k in node.keys if k is not None], wanted.key, wanted)
            return self._hinted(values, node.values, wanted.value, wanted)
        key = self._common(keys)
        if known(key) and key not in KEYS:
            return self.report("dict-key-type", node, key=key)
        return Dict(key, self._common(values))

    def _read_set(self, _node: ast.Set, _hint: Type | None) -> AnyValue:
        return UNKNOWN

    def _read_listcomp(self, node: ast.ListComp | ast.GeneratorExp, hint: Type | None) -> AnyValue:
        if len(node.generators) > 1 or node.generators[0].ifs:
            return UNKNOWN
        wanted = _container_hint(hint, List)
        run = self.iterate(self.value(node.generators[0].iter), node.generators[0].iter)
        items = run.items if run.unrolled and run.items is not None else (run.element,)
        found: list[Type] = []
        for item in items[:64] or (run.element,):
            with self.inner():
                self.assign(node.generators[0].target, item, None)
                element = self.value(node.elt)
                if isinstance(element, ModuleValue):
                    return UNKNOWN
                found.append(self.as_type(element, node.elt, "a list"))
        if isinstance(wanted, List):
            return self._hinted(found, [node.elt] * len(found), wanted.element, wanted)
        return List(self._common(found))

    def _read_dictcomp(self, node: ast.DictComp, _hint: Type | None) -> AnyValue:
        if len(node.generators) > 1 or node.generators[0].ifs:
            return UNKNOWN
        run = self.iterate(self.value(node.generators[0].iter), node.generators[0].iter)
        with self.inner():
            self.assign(node.generators[0].target, run.element, None)
            key = self.type(node.key, use="a dict key")
            value = self.type(node.value, use="a dict value")
        if known(key) and key not in KEYS:
            return self.report("dict-key-type", node, key=key)
        return Dict(key, value)

    _read_generatorexp = _read_listcomp


def _container_hint(hint: Type | None, kind: type[Type]) -> Type | None:
    if hint is None:
        return None
    inner = without_none(hint) if is_optional(hint) else hint
    return inner if isinstance(inner, kind) else None
