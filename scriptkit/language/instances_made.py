"""Instances that a file makes of its own classes: whether one of them lacks an attribute that a flag decides."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.folding import UNKNOWN_VALUE, folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import AttributeFacts, ClassFacts


def lacking(cls: ClassFacts, attribute: AttributeFacts) -> ast.Call | None:
    """A call in the file that makes an instance without an attribute set under `if flag:`; None where none is seen."""
    tests = [assignment.conditions for assignment in attribute.init]
    if any(len(one) != 1 or not isinstance(one[0], ast.If) for one in tests):
        return None
    branches = [(one[0], assignment.statement) for one, assignment in zip(tests, attribute.init, strict=True)]
    for call in _calls_of(cls):
        given = _arguments(cls, call)
        decided = [_is_taken(test, statement, given) for test, statement in branches]  # type: ignore[arg-type]
        if given and all(taken is False for taken in decided):
            return call
    return None


def _calls_of(cls: ClassFacts) -> Iterator[ast.Call]:
    for node in ast.walk(cls.module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == cls.name:
            yield node


def _arguments(cls: ClassFacts, call: ast.Call) -> dict[str, ast.expr]:
    """What each parameter of `__init__` is given, as far as the call and the defaults say."""
    made = cls.methods.get("__init__")
    if made is None or any(isinstance(one, ast.Starred) for one in call.args):
        return {}
    parameters = made.node.args
    names = [one.arg for one in (*parameters.posonlyargs, *parameters.args)][1:]
    found: dict[str, ast.expr] = dict(zip(names[::-1], parameters.defaults[::-1], strict=False))
    keyword_only = zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)
    found.update((one.arg, default) for one, default in keyword_only if default is not None)
    found.update(zip(names, call.args, strict=False))
    found.update((one.arg, one.value) for one in call.keywords if one.arg is not None)
    return found


def _is_taken(test: ast.If, statement: ast.stmt, given: dict[str, ast.expr]) -> bool | None:
    """Whether the branch with the assignment is taken; None where that cannot be told."""
    value = folded(test.test, given.get)
    if value is UNKNOWN_VALUE:
        return None
    inside = any(statement is part for one in test.body for part in ast.walk(one))
    return bool(value) if inside else not value
