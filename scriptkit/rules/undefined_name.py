"""The rule `undefined-name`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import names
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class UndefinedName(ProblemRule[names.UndefinedName]):
    """A name that nothing defines when the compiler runs; often one imported under `TYPE_CHECKING`."""

    code = "SK207"
    name = "undefined-name"
    raw = (r"undefined value \w+",)
    kinds = (names.UndefinedName,)
    label = "no such name when it compiles"
    note = "the compiler resolves names in the running program, where `TYPE_CHECKING` is false"
    VALID = ("import math\n\n" + forward("return x * math.pi"),)
    INVALID = (
        Invalid(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import math\n\n"
            + forward("return x * math.pi  # <-"),
            "undefined value math",
        ),
        Invalid(forward("return x * missing  # <-"), "undefined value missing"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[names.UndefinedName]) -> Diagnostic:
        name = problem.data.name
        if problem.data.type_checking:
            message, help = f"`{name}` is imported under `TYPE_CHECKING` only", "import it at the top of the file"
        else:
            message, help = f"`{name}` is not defined", f"define `{name}`, or correct its spelling"
        return self.about(cls, problem, message, help=help)
