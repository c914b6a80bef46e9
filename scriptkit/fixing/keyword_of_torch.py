"""`axis=` becomes `dim=`, `keepdims=` becomes `keepdim=`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.fix import Edits, Fix
from scriptkit.language.problems import arguments

if TYPE_CHECKING:
    from scriptkit.language.facts import ClassFacts, Problem

SAME = {"axis": "dim", "keepdims": "keepdim"}


class KeywordOfTorch(Fix[arguments.CallUnknownKwarg]):
    """A name that eager torch takes as an alias."""

    kinds = (arguments.CallUnknownKwarg,)

    def edits(self, cls: ClassFacts, problem: Problem[arguments.CallUnknownKwarg]) -> Edits | None:
        keyword = problem.node if isinstance(problem.node, ast.keyword) else cls.module.parent(problem.node)
        if not isinstance(keyword, ast.keyword) or keyword.arg not in SAME:
            return None
        span = cls.module.span(keyword)
        name_only = span._replace(end_line=span.line, end_column=span.column + len(keyword.arg))
        return Edits(keywords={name_only: SAME[keyword.arg]})
