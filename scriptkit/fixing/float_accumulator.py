"""`total = 0` becomes `total = 0.0` where floats are added to it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.fix import Edits, Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class FloatAccumulator(Fix):
    """An int literal that starts a name which must be a float."""

    kinds = ("reassign-changes-type", "return-type-mismatch", "branch-types-differ")

    def edits(self, cls: ClassFacts, problem: Problem) -> Edits | None:
        if problem.method is None or not _wants_float(problem):
            return None
        name = problem.data.get("name") or (problem.node.id if isinstance(problem.node, ast.Name) else None)
        starts = list(_int_literals(problem.method.node, name)) if name else []
        if not starts:
            return None
        return Edits(expressions={cls.module.span(literal): f"{ast.unparse(literal)}.0" for literal in starts})


def _wants_float(problem: Problem) -> bool:
    types = {str(problem.data.get(part)) for part in ("old", "new", "declared", "actual", "true_type", "false_type")}
    return "int" in types and bool(types & {"float", "number"}) and "Tensor" not in types


def _int_literals(function: ast.AST, name: str) -> Iterator[ast.Constant]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Constant(value=int()) as literal):
                if target == name and not isinstance(literal.value, bool):
                    yield literal
