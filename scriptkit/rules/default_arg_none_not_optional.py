"""The rule `default-arg-none-not-optional`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule, is_tried_for_files

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class DefaultArgNoneNotOptional(ProblemRule[arguments.DefaultNotOfType]):
    """A default that does not have the declared type, most often `None`."""

    code = "SK405"
    name = "default-arg-none-not-optional"
    raw = ("Expected a default value of type", "Unsupported value kind: Tensor$")
    kinds = (arguments.DefaultNotOfType,)
    note = "a default has the declared type; only `Optional` includes `None`"
    help = "declare the parameter `Optional`"
    VALID = (forward("return x if mask is None else x * mask", "x: Tensor, mask: Optional[Tensor] = None"),)
    INVALID = (
        Invalid(
            forward("return x", "x: Tensor, sizes: List[int] = None").replace("Tensor:\n", "Tensor:  # <-\n"),
            "Expected a default value of type List[int] on parameter",
        ),
    )

    def is_sure_in(self, cls: ClassFacts, problem: Problem[arguments.DefaultNotOfType]) -> bool:
        return problem.data.default == "None" and is_tried_for_files(cls)

    def describe(self, cls: ClassFacts, problem: Problem[arguments.DefaultNotOfType]) -> Diagnostic:
        name, declared, default = problem.data.name, problem.data.declared, problem.data.default
        none = default == "None"
        return self.about(
            cls,
            problem,
            f"`{name}` is declared `{declared}`, and its default is {quoted(default)}",
            label=f"no `{declared}`",
            help="declare it `Optional`" if none else "make the default a value of that type",
            suggestion=f"{name}: Optional[{declared}] = None" if none else f"{name}: {declared} = <value>",
        )
