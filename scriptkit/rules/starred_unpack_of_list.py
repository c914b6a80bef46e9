"""The rule `starred-unpack-of-list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class StarredUnpackOfList(ProblemRule[containers.StarredUnpackOfList]):
    """A list unpacked with a starred name: `a, *rest = xs`."""

    code = "SK226"
    name = "starred-unpack-of-list"
    raw = ()
    kinds = (containers.StarredUnpackOfList,)
    label = "a list of unknown length"
    note = "the compiler must know how many values a starred name takes; a list does not tell"
    help = "index and slice the list"
    VALID = (forward("first, rest = x.shape[0], x.shape[1:]\nreturn x.reshape([first] + rest)"),)
    INVALID = (
        Invalid(
            forward("first, *rest = x.shape  # <-\nreturn x"),
            "cannot statically infer the expected size of a list in this context",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[containers.StarredUnpackOfList]) -> Diagnostic:
        return self.about(
            cls,
            problem,
            f"a `{problem.data.type}` is unpacked with a starred name",
            suggestion="first, rest = <list>[0], <list>[1:]",
        )
