"""The rule `eq-none`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import optionals
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class EqNone(ProblemRule[optionals.EqNone]):
    """A comparison with `None` by `==` or `!=`."""

    code = "SK205"
    name = "eq-none"
    raw = (r"The following variants are available: aten::(eq|ne)\..*[=!]= None",)
    kinds = (optionals.EqNone,)
    note = "the compiler refines types by `is None` and `is not None`; `==` compares values, and `None` has none"
    VALID = (forward("if mask is None:\n    return x\nreturn x * mask", "x: Tensor, mask: Optional[Tensor] = None"),)
    INVALID = (
        Invalid(
            forward("if mask == None:  # <-\n    return x\nreturn x * 2", "x: Tensor, mask: Optional[Tensor] = None"),
            "aten::eq.Tensor(Tensor self, Tensor other)",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[optionals.EqNone]) -> Diagnostic:
        operator = problem.data.operator
        better = "is" if operator == "==" else "is not"
        text = ast.unparse(problem.node)
        return self.about(
            cls,
            problem,
            f"{quoted(text)} compares with `None` by `{operator}`",
            label=f"compares a `{problem.data.type}` with `None`",
            help=f"compare with `{better}`",
            suggestion=text.replace(operator, better) if text.count(operator) == 1 else f"<value> {better} None",
        )
