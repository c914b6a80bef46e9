"""Attributes that some instances of a class have in a form that compiles, and others do not: worth a warning."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.unseen_attributes import is_open_ended
from scriptkit.language.types import NONE
from scriptkit.language.values import PythonObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import Assignment, AttributeFacts, ClassFacts
    from scriptkit.language.inference.body import Body


def may_be_none(body: Body, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr) -> bool:
    """Whether a part of an undeclared attribute is used, or it is called, that is `None` in some instances.

    A test of anything on `self` round the use, and any test of the attribute in the function, is taken for a guard.
    """
    holder = body.module.parent(node)
    is_used = (isinstance(holder, ast.Attribute | ast.Subscript) and holder.value is node) or (
        isinstance(holder, ast.Call) and holder.func is node
    )
    if not is_used or attribute.annotation is not None or attribute.later or is_open_ended(cls):
        return False
    if isinstance(holder, ast.Attribute) and holder.attr in ("__class__", "training"):
        return False
    arms = [arm for made in attribute.init for arm in _arms(made.value)]
    nones = sum(isinstance(arm, ast.Constant) and arm.value is None for arm in arms)
    return 0 < nones < len(arms) and not _is_tested(body, attribute.name, node)


def _arms(value: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from _arms(value.body)
        yield from _arms(value.orelse)
    elif value is not None:
        yield value


def _is_tested(body: Body, name: str, node: ast.expr) -> bool:
    text, self_name = ast.unparse(node), body.facts.self_name
    around = (test for test in map(_test_of, body.module.ancestors(node)) if test is not None)
    if any(isinstance(part, ast.Name) and part.id == self_name for test in around for part in ast.walk(test)):
        return True
    tests = (test for test in map(_test_of, body.facts.descendants) if test is not None)
    parts = (part for test in tests for part in ast.walk(test))
    return any(_names(part, name, text) for part in parts)


def _names(part: ast.AST, name: str, text: str) -> bool:
    is_text = isinstance(part, ast.Constant) and part.value == name  # hasattr(self, "name")
    return is_text or (isinstance(part, ast.Attribute) and part.attr == name and ast.unparse(part) == text)


def _test_of(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
        return node.test
    return node if isinstance(node, ast.BoolOp) else None


def python_object_in_some(
    body: Body, cls: ClassFacts, attribute: AttributeFacts
) -> tuple[Assignment, PythonObject] | None:
    """Of an attribute that is assigned in several branches, the assignment of what no compiled code can read."""
    if attribute.annotation is not None or attribute.registered:
        return None
    for made in attribute.init:
        value = None if made.value is None else body.session.members.evaluate(made.value, cls, made.method)
        if isinstance(value, PythonObject) and not value.what.startswith("empty "):
            return made, value
    return None


def is_guarded_by_flag(body: Body, cls: ClassFacts, node: ast.expr) -> bool:
    """Whether the nearest test round a use is a plain `self.flag` or `not self.flag`: no constant for the compiler."""
    above = next((one for one in body.module.ancestors(node) if isinstance(one, ast.If | ast.IfExp)), None)
    test = None if above is None else above.test
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test = test.operand
    if not isinstance(test, ast.Attribute) or not isinstance(test.value, ast.Name):
        return False
    flag = cls.attributes.get(test.attr)
    if test.value.id != body.facts.self_name or flag is None or flag.final or flag.constant or flag.registered:
        return False
    values = [
        None if made.value is None else body.session.members.evaluate(made.value, cls, made.method)
        for made in flag.init
    ]
    return bool(values) and not any(value is NONE for value in values)
