"""`__constants__ = ["depth"]` of a class that is scriptable then becomes `depth: Final[int]`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.migrating.names import FINAL
from scriptkit.migrating.steps import Step, has_comment, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scriptkit.language.facts import AttributeFacts, ClassFacts, ModuleFacts
    from scriptkit.migrating.names import Spelling

CONSTANTS = "__constants__"
SIMPLE = frozenset({"bool", "float", "int", "str"})


def constants(
    module: ModuleFacts, classes: Iterable[ClassFacts], spelling: Spelling
) -> Iterator[Step | tuple[ast.Assign, str]]:
    """A step for each list of constants whose types the text shows; of the others, why not."""
    is_read = any(isinstance(node, ast.Attribute) and node.attr == CONSTANTS for node in ast.walk(module.tree))
    for cls in classes:
        for statement in cls.node.body:
            if isinstance(statement, ast.Assign) and _is_name(statement.targets[0], CONSTANTS):
                types = _types(cls, statement.value)
                why = types if isinstance(types, str) else _obstacle(module, statement, is_read=is_read)
                yield (statement, why) if why or isinstance(types, str) else _step(module, statement, types, spelling)


def _step(module: ModuleFacts, statement: ast.Assign, types: dict[str, str], spelling: Spelling) -> Step:
    final, needs = spelling.of(FINAL)
    margin = "\n" + " " * statement.col_offset
    lines = [f"{name}: {final}[{kind}]" for name, kind in types.items()]
    return Step(statement, (replaced(module, statement, margin.join(lines)),), needs)


def _obstacle(module: ModuleFacts, statement: ast.Assign, *, is_read: bool) -> str:
    if is_read or len(statement.targets) > 1:
        return "the file reads it"
    return "a comment stands inside of it" if has_comment(module, statement) else ""


def _types(cls: ClassFacts, value: ast.expr) -> dict[str, str] | str:
    """The type of each name in the list; else why there is none."""
    if not isinstance(value, (ast.List, ast.Tuple)) or not value.elts:
        return "it is no list of names"
    types = {}
    for element in value.elts:
        if not isinstance(element, ast.Constant) or not isinstance(element.value, str):
            return "it is no list of names"
        attribute = cls.attributes.get(element.value)
        kind = None if attribute is None else _type(attribute)
        if kind is None:
            return f"no type of `{element.value}` stands where `__init__` sets it, once and for all"
        types[element.value] = kind
    return types


def _type(attribute: AttributeFacts) -> str | None:
    """The type of what `__init__` gives an attribute, always and only there."""
    if attribute.annotation is not None or attribute.later or attribute.mutations or attribute.class_value is not None:
        return None
    kinds = {None if one.conditional or one.value is None else _shown(attribute, one.value) for one in attribute.init}
    return kinds.pop() if len(kinds) == 1 else None


def _shown(attribute: AttributeFacts, value: ast.expr) -> str | None:
    """The type of a literal, or of a parameter of `__init__` that says it and is not bound anew."""
    if isinstance(value, ast.Constant):
        name = type(value.value).__name__
        return name if name in SIMPLE else None
    method = attribute.init[0].method
    if not isinstance(value, ast.Name) or any(
        isinstance(node, ast.Name) and node.id == value.id and isinstance(node.ctx, ast.Store)
        for node in method.descendants
    ):
        return None
    annotations = {one.arg: one.annotation for one in ast.walk(method.node.args) if isinstance(one, ast.arg)}
    annotation = annotations.get(value.id)
    return annotation.id if isinstance(annotation, ast.Name) and annotation.id in SIMPLE else None


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
