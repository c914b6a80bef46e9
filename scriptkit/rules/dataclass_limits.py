"""The rule `dataclass-limits`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class DataclassLimits(ProblemRule):
    """A feature of dataclasses that scripted ones do not have."""

    code = "SK435"
    name = "dataclass-limits"
    kinds = ("dataclass-limits",)
    label = "a feature scripted dataclasses lack"
    note = "scripted dataclasses have plain fields with plain defaults"
    help = "leave it out, or make the class a `NamedTuple`"
    VALID = (
        """
        from dataclasses import dataclass

        @torch.jit.script
        @dataclass
        class Out:
            y: Tensor

        class Model(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return Out(x).y
        """,
    )
    INVALID = (
        Invalid(
            """
            from dataclasses import dataclass, field

            @torch.jit.script
            @dataclass
            class Out:
                sizes: List[int] = field(default_factory=list)

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    out = Out([1, 2])  # <-
                    return x * len(out.sizes)
            """,
            "Default factory initializers are not supported in TorchScript dataclasses",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        return self.about(cls, problem, f"the dataclass `{problem.data['name']}` uses `{problem.data['what']}`")
