"""The rule `container-element-mismatch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ContainerElementMismatch(ProblemRule[containers.ContainerElementMismatch]):
    """An element that does not have the element type of its list or dict."""

    code = "SK218"
    name = "container-element-mismatch"
    raw = (r"Could not match type \S+ to t in argument 'el'",)
    kinds = (containers.ContainerElementMismatch,)
    note = "a list or dict holds elements of one type; an `int` does not become a `float`"
    VALID = (forward("sizes: List[float] = []\nsizes.append(float(x.size(0)))\nreturn x * sizes[0]"),)
    INVALID = (
        Invalid(
            forward("sizes: List[float] = []\nsizes.append(x.size(0))  # <-\nreturn x * sizes[0]"),
            "Could not match type int to t in argument 'el'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[containers.ContainerElementMismatch]) -> Diagnostic:
        container, element = problem.data.container, str(problem.data.element)
        number = element == "int" and "float" in str(container)
        return self.about(
            cls,
            problem,
            f"a `{element}` is put into a `{container}`",
            label=f"a `{element}`",
            help="convert it to `float`" if number else "convert the element, or declare the container for both types",
            suggestion="float(<value>)" if number else "",
        )
