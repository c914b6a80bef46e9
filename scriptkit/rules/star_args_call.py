"""The rule `star-args-call`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class StarArgsCall(ProblemRule[arguments.StarArgsCall]):
    """`f(*xs)`, where `xs` is a list."""

    code = "SK425"
    name = "star-args-call"
    raw = ("cannot statically infer the expected size of a list in this context",)
    kinds = (arguments.StarArgsCall,)
    label = "a list of unknown length"
    note = "the compiler must know how many arguments a call has; a tuple tells, a list does not"
    VALID = (forward("return x.view(x.shape[:-1] + [1, -1])"), forward("pair = (x, x)\nreturn torch.add(*pair)"))
    INVALID = (
        Invalid(
            forward("dims = [1, 0]\nreturn x.permute(*dims)  # <-"),
            "cannot statically infer the expected size of a list in this context",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[arguments.StarArgsCall]) -> Diagnostic:
        function = problem.data.function
        return self.about(
            cls,
            problem,
            f"{quoted(function)} is called with `*` and a `{problem.data.type}`",
            help="pass the list itself, or write the arguments out",
        )
