"""The rule `global-variable-capture`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import names
from scriptkit.rules.examples import forward, model
from scriptkit.rules.reading import CONSTANTS
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class GlobalVariableCapture(ProblemRule[names.GlobalCapture]):
    """A value of the Python module that cannot become a constant, read in compiled code: a tensor, a list."""

    code = "SK433"
    name = "global-variable-capture"
    once = True
    raw = (r"python value of type '\w+' cannot be used as a value",)
    kinds = (names.GlobalCapture,)
    label = "a value of the Python module"
    note = "the compiler sees functions, classes and imported modules of a Python module, and no values"
    VALID = ("WEIGHT = torch.ones(2)\n\n" + model('self.register_buffer("weight", WEIGHT)', "return x * self.weight"),)
    INVALID = (
        Invalid(
            "WEIGHT = torch.ones(2)\n\n" + forward("return x * WEIGHT  # <-"),
            "python value of type 'Tensor' cannot be used as a value",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[names.GlobalCapture]) -> Diagnostic | None:
        name, what = problem.data.name, problem.data.what
        if what in CONSTANTS:
            return None
        tensor = what == "Tensor"
        return self.about(
            cls,
            problem,
            f"`{name}` is a {what} of the Python module" if what else f"`{name}` is a value of the Python module",
            help="register it as a buffer" if tensor else "keep it in an attribute, or pass it as an argument",
            suggestion=f'self.register_buffer("{name.lower()}", {name})' if tensor else f"self.{name.lower()} = {name}",
            also=related(problem, "defined here"),
        )
