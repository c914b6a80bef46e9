"""The rule `with-statement`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class WithStatement(ProblemRule[calls.WithStatement]):
    """A context manager that has no compiled form."""

    code = "SK430"
    name = "with-statement"
    raw = ("With item expression must return an object",)
    kinds = (calls.WithStatement,)
    label = "no context manager of the compiler"
    note = "compiled `with` takes `torch.no_grad`, `torch.autocast`, `record_function`, and script classes"
    VALID = (forward("with torch.no_grad():\n    y = x * 2\nreturn y"),)
    INVALID = (
        Invalid(
            forward("with torch.set_grad_enabled(grad):  # <-\n    y = x * 2\nreturn y", "x: Tensor, grad: bool"),
            "With item expression must return an object",
        ),
        Invalid(
            "import contextlib\n\n" + forward("with contextlib.nullcontext():  # <-\n    y = x * 2\nreturn y"),
            "nullcontext",
        ),
        Invalid(
            forward("with torch.enable_grad():  # <-\n    y = x * 2\nreturn y"), "Unknown builtin op: aten::enable_grad"
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.WithStatement]) -> Diagnostic:
        text, name = problem.data.text, problem.data.name
        grad = "set_grad_enabled" in (name or text)
        return self.about(
            cls,
            problem,
            f"{quoted(text)} cannot be compiled in a `with` statement",
            help="write both branches, one under `torch.no_grad()`"
            if grad
            else "leave it out of compiled code, or use one of those",
            suggestion="with torch.no_grad():" if grad else "",
        )
