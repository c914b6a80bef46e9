"""`times=2` becomes `times: int = 2` where the compiler would take it for a tensor."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.fix import Edits, Fix
from scriptkit.language.problems import arguments

if TYPE_CHECKING:
    from scriptkit.language.facts import ClassFacts, Problem


class AnnotationFromDefault(Fix[arguments.UnannotatedParamNotTensor]):
    """A number, string or bool as the default tells the type of an unannotated parameter."""

    kinds = (arguments.UnannotatedParamNotTensor,)

    def edits(self, cls: ClassFacts, problem: Problem[arguments.UnannotatedParamNotTensor]) -> Edits | None:
        parameter = next((n for n in (problem.node, *problem.related) if isinstance(n, ast.arg)), None)
        facts = next((p for p in problem.method.parameters if p.node is parameter), None) if problem.method else None
        if parameter is None or facts is None or not isinstance(facts.default, ast.Constant):
            return None
        kind = type(facts.default.value)
        if kind not in (int, float, str, bool):
            return None
        span = cls.module.span(parameter)
        name_only = span._replace(end_line=span.line, end_column=span.column + len(parameter.arg))
        return Edits(annotations={name_only: kind.__name__})
