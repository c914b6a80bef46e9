"""The rule `break-in-unrolled-loop`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class BreakInUnrolledLoop(ProblemRule[modules.BreakInUnrolledLoop]):
    """`break` or `continue` in a loop that is unrolled: over modules, or a tuple."""

    code = "SK313"
    name = "break-in-unrolled-loop"
    kinds = (modules.BreakInUnrolledLoop,)
    note = "the compiler writes the body of such a loop once for each module, so there is no loop to leave"
    help = "put the rest of the body under an `if`"
    VALID = (
        model(
            "self.blocks = nn.ModuleList([nn.ReLU(), nn.Tanh()])",
            "for block in self.blocks:\n    if x.sum() < 100:\n        x = block(x)\nreturn x",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.blocks = nn.ModuleList([nn.ReLU(), nn.Tanh()])",
                "for block in self.blocks:\n    x = block(x)\n    if x.sum() > 100:\n        break  # <-\nreturn x",
            ),
            "do not support break or continue inside the body of these loops",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.BreakInUnrolledLoop]) -> Diagnostic:
        message = f"`{problem.data.word}` in a loop that is unrolled"
        return self.about(cls, problem, message, label="there is no loop here")
