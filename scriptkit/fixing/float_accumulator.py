"""`total = 0` becomes `total = 0.0` where floats are added to it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from scriptkit.fixing.fix import Edits, Fix
from scriptkit.language.problems.variables import BranchTypesDiffer, ReassignChangesType, ReturnTypeMismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.abstract import Type
    from scriptkit.language.facts import ClassFacts, Problem

TwoTypes: TypeAlias = ReassignChangesType | ReturnTypeMismatch | BranchTypesDiffer


class FloatAccumulator(Fix[TwoTypes]):
    """An int literal that starts a name which must be a float."""

    kinds = (ReassignChangesType, ReturnTypeMismatch, BranchTypesDiffer)

    def edits(self, cls: ClassFacts, problem: Problem[TwoTypes]) -> Edits | None:
        types = {str(one) for one in _types(problem.data)}
        if problem.method is None or "int" not in types or not types & {"float", "number"}:
            return None
        name = _name(problem)
        starts = list(_int_literals(problem.method.node, name)) if name else []
        if not starts:
            return None
        return Edits(expressions={cls.module.span(literal): f"{ast.unparse(literal)}.0" for literal in starts})


def _types(data: TwoTypes) -> tuple[Type | None, Type | None]:
    if isinstance(data, ReassignChangesType):
        return data.old, data.new
    return (data.declared, data.actual) if isinstance(data, ReturnTypeMismatch) else (data.true_type, data.false_type)


def _name(problem: Problem[TwoTypes]) -> str | None:
    if not isinstance(problem.data, ReturnTypeMismatch):
        return problem.data.name
    return problem.node.id if isinstance(problem.node, ast.Name) else None


def _int_literals(function: ast.AST, name: str) -> Iterator[ast.Constant]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Constant(value=int()) as literal):
                if target == name and not isinstance(literal.value, bool):
                    yield literal
