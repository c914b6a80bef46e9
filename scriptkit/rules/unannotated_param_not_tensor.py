"""The rule `unannotated-param-not-tensor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.rule import Invalid, ProblemRule, is_tried_for_files, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


_MODEL = """\
class Model(nn.Module):
    def forward(self, x, {}):
        {}
            {}
        return x
"""


class UnannotatedParamNotTensor(
    ProblemRule[arguments.UnannotatedParamNotTensor | arguments.UnannotatedParamNoneDefault]
):
    """A parameter without annotation that is used as something other than a tensor.

    The compiler takes every unannotated parameter for a `Tensor`, whatever its default.
    """

    code = "SK406"
    name = "unannotated-param-not-tensor"
    once = True
    raw = (
        "because it was not annotated with an explicit type",
        r"Tensor \(inferred\)",
        r"Expected a default value of type Tensor \(inferred\)",
    )
    kinds = (
        arguments.UnannotatedParamNotTensor,
        arguments.UnannotatedParamNoneDefault,
    )
    label = "taken for a `Tensor`"
    note = "the compiler takes every unannotated parameter for a `Tensor`, whatever its default"
    VALID = (_MODEL.format("times: int = 2", "for i in range(times):", "x = x + i"),)
    INVALID = (
        Invalid(
            _MODEL.format("times=2", "for i in range(times):  # <-", "x = x + i"),
            "all inputs of range must be ints, found Tensor (inferred)",
        ),
        Invalid(
            _MODEL.format('mode="sum"', 'if mode == "sum":  # <-', "x = x + 1"),
            "aten::eq.Tensor(Tensor self, Tensor other)",
        ),
        Invalid(
            _MODEL.format("mask=None", "if mask is not None:", "x = x * mask")
            .replace(":\n", ":  # <-\n", 2)
            .replace(":  # <-", ":", 1),
            "Expected a proper Tensor but got None",
            inputs="(torch.ones(2),)",
        ),
    )

    def is_sure_in(
        self,
        cls: ClassFacts,
        problem: Problem[arguments.UnannotatedParamNotTensor | arguments.UnannotatedParamNoneDefault],
    ) -> bool:
        return isinstance(problem.data, arguments.UnannotatedParamNoneDefault) and is_tried_for_files(cls)

    def describe(
        self,
        cls: ClassFacts,
        problem: Problem[arguments.UnannotatedParamNotTensor | arguments.UnannotatedParamNoneDefault],
    ) -> Diagnostic:
        data = problem.data
        name = data.name
        function = f" of `{problem.method.name}`" if problem.method else ""
        if isinstance(data, arguments.UnannotatedParamNoneDefault):
            return self.about(
                cls,
                problem,
                f"parameter `{name}`{function} has the default `None` and no annotation",
                help="annotate it as `Optional`",
                suggestion=f"{name}: Optional[Tensor] = None",
            )
        guess, default = data.guess, data.default
        ending = f" = {default}" if default else ""
        return self.about(
            cls,
            problem,
            f"parameter `{name}`{function} has no annotation, so it is taken for a `Tensor`",
            label="a `Tensor` for the compiler",
            help=f"annotate it with `{guess}`" if guess is not None else "annotate it with its type",
            suggestion=f"{name}: {guess if guess is not None else '<type>'}{ending}",
            also=related(problem, "no annotation: taken for a `Tensor`"),
        )
