"""The rule `reassign-changes-type`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import variables
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ReassignChangesType(ProblemRule[variables.ReassignChangesType | variables.ReassignNotFirstClass]):
    """A name that gets a value of another type inside a branch or loop.

    A name has one type in a block and the blocks inside it. In straight-line code it may change.
    """

    code = "SK208"
    name = "reassign-changes-type"
    raw = ("previously had type .* but is now being assigned to a value of type",)
    kinds = (
        variables.ReassignChangesType,
        variables.ReassignNotFirstClass,
    )
    note = "a name keeps, in branches and loops, the type it has outside of them"
    VALID = (
        forward("total = 0.0\nfor i in range(x.size(0)):\n    total = total + x[i].mean().item()\nreturn x * total"),
        forward("y: Optional[Tensor] = None\nif k > 1:\n    y = x\nreturn x if y is None else y", "x: Tensor, k: int"),
    )
    INVALID = (
        Invalid(
            forward("score = x.sum()\nif k > 1:\n    score = 'a'  # <-\nreturn x", "x: Tensor, k: int"),
            "previously had type Tensor but is now being assigned to a value of type str",
        ),
    )

    def describe(
        self, cls: ClassFacts, problem: Problem[variables.ReassignChangesType | variables.ReassignNotFirstClass]
    ) -> Diagnostic:
        data = problem.data
        name = data.name
        if isinstance(data, variables.ReassignNotFirstClass):
            return self.about(
                cls,
                problem,
                f"`{name}` holds a module or function, and is rebound in a branch or loop",
                label="rebound here",
                note="modules and functions are no values: the compiler must know which one a name means",
                help="call it in each branch instead of choosing it",
            )
        old, new = str(data.old), str(data.new)
        help, suggestion = _repair(name, old, new)
        return self.about(
            cls,
            problem,
            f"`{name}` is `{old}` outside this block, and gets a `{new}` in it",
            label=f"a `{new}`",
            help=help,
            suggestion=suggestion,
            also=related(problem, f"`{old}` here"),
        )


def _repair(name: str, old: str, new: str) -> tuple[str, str]:
    if old == "None":
        return "declare it where it starts", f"{name}: Optional[{new}] = None"
    if (old, new) in (("int", "float"), ("int", "number"), ("bool", "float")):
        return "start with a `float`", f"{name} = 0.0"
    if new == f"Optional[{old}]":
        return "declare it where it starts", f"{name}: {new} = <value>"
    return (
        "use another name, or convert the value to that type",
        f"{name}_{new.split('[', maxsplit=1)[0].lower().split('.')[-1]} = <value>",
    )
