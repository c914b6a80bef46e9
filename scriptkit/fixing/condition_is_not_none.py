"""`if self.down:` becomes `if self.down is not None:`, with what else the truth value asks."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.fix import Edits, Fix
from scriptkit.language.problems import optionals

if TYPE_CHECKING:
    from scriptkit.language.facts import ClassFacts, Problem

# what Python asks of a value that is not None
MORE = {
    "Optional[int]": " and {} != 0",
    "Optional[float]": " and {} != 0",
    "Optional[bool]": " and {}",
    "Optional[str]": " and len({}) > 0",
}
CONTAINERS = ("ModuleList", "ModuleDict", "Sequential", "Parameter")  # these have a length, and are false when empty


class ConditionIsNotNone(Fix[optionals.ImplicitBool]):
    """The condition of a branch that is a name or attribute; its meaning stays that of Python."""

    kinds = (optionals.ImplicitBool,)

    def edits(self, cls: ClassFacts, problem: Problem[optionals.ImplicitBool]) -> Edits | None:
        node, kind = problem.node, str(problem.data.type)
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return None
        what = problem.data.what
        if kind.removeprefix("Optional[").startswith(CONTAINERS):
            return None
        is_list = kind.startswith(("Optional[List", "Optional[Dict"))
        more = MORE.get(kind, " and len({}) > 0" if is_list else "")
        if what not in ("module", "None") and not more and kind != "Optional[Tensor]":
            return None
        if more and not isinstance(node, ast.Name):
            return None
        return _edits(cls, node, more.format(ast.unparse(node)))


def _edits(cls: ClassFacts, node: ast.expr, more: str) -> Edits | None:
    text = ast.unparse(node)
    above = cls.module.parent(node)
    if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not):
        return None if more else Edits(expressions={cls.module.span(above): f"{text} is None"})
    if isinstance(above, (ast.If, ast.While, ast.IfExp)) and above.test is node:
        return Edits(expressions={cls.module.span(node): f"{text} is not None{more}"})
    if isinstance(above, ast.BoolOp) and isinstance(above.op, ast.And):
        return Edits(expressions={cls.module.span(node): f"{text} is not None{more}"})
    return None
