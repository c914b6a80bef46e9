"""The rule `index-with-tuple-variable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class IndexWithTupleVariable(ProblemRule[containers.TupleVariableIndex]):
    """A tensor indexed by a tuple that a variable holds."""

    code = "SK223"
    name = "index-with-tuple-variable"
    raw = (r"indexing tensor with unsupported index type 'Tuple\[",)
    kinds = (containers.TupleVariableIndex,)
    note = "the compiler reads the parts of an index in the code, so it does not take a tuple from a variable"
    help = "write the parts of the index out"
    VALID = (forward("return x[0, 1]"),)
    INVALID = (
        Invalid(
            forward("where = (0, 1)\nreturn x[where]  # <-"),
            "Unsupported operation: indexing tensor with unsupported index type 'Tuple[int, int]'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[containers.TupleVariableIndex]) -> Diagnostic:
        text = problem.data.text
        return self.about(
            cls,
            problem,
            f"a tensor is indexed by the tuple {quoted(text)}",
            label=f"a `{problem.data.type}`",
            suggestion=f"[{text}[0], {text}[1]]",
        )
