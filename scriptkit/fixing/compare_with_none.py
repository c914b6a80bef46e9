"""`x == None` becomes `x is None`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.fix import Edits, Fix
from scriptkit.language.problems import optionals

if TYPE_CHECKING:
    from scriptkit.language.facts import ClassFacts, Problem


class CompareWithNone(Fix[optionals.EqNone]):
    """A single comparison with `None`, by identity."""

    kinds = (optionals.EqNone,)

    def edits(self, cls: ClassFacts, problem: Problem[optionals.EqNone]) -> Edits | None:
        match problem.node:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as operator], comparators=[right]):
                value = left if isinstance(right, ast.Constant) and right.value is None else right
                better = "is" if isinstance(operator, ast.Eq) else "is not"
                return Edits(expressions={cls.module.span(problem.node): f"{_code(cls, value)} {better} None"})
        return None


def _code(cls: ClassFacts, node: ast.expr) -> str:
    text = ast.get_source_segment(cls.module.text, node) or ast.unparse(node)
    return text if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) else f"({text})"
