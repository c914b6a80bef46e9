"""The rule `script-class-limits`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import classes
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ScriptClassLimits(ProblemRule[classes.ScriptClassLimits]):
    """A helper class that breaks the rules for script classes."""

    code = "SK436"
    name = "script-class-limits"
    raw = (
        r"__init__\(__torch__\S+ self, .*Tensor \(inferred\)",
        "or code object was expected, got builtin_function_or_method",
    )
    kinds = (classes.ScriptClassLimits,)
    label = "not possible in a script class"
    note = "a class used in compiled code has a typed `__init__` that sets every attribute, and no base class"
    VALID = (
        """
        class Scaler:
            def __init__(self, k: float) -> None:
                self.k = k

            def run(self, x: Tensor) -> Tensor:
                return x * self.k

        class Model(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return Scaler(2.0).run(x)
        """,
    )
    INVALID = (
        Invalid(
            """
            class Counter:
                def __init__(self) -> None:
                    self.n = 0

                def tick(self) -> int:
                    self.last = self.n  # <-
                    return self.last

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return x * Counter().tick()
            """,
            "Tried to set nonexistent attribute: last",
        ),
        Invalid(
            """
            class Scaler:
                def __init__(self, k) -> None:
                    self.k = k

                def run(self, x: Tensor) -> Tensor:
                    return x * self.k

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return Scaler(2.0).run(x)  # <-
            """,
            "Expected a value of type 'Tensor (inferred)' for argument 'k'",
        ),
        Invalid(
            """
            from typing_extensions import deprecated

            @deprecated("use torch.mul")
            class Scaler:
                def __init__(self, k: float) -> None:
                    self.k = k

                def run(self, x: Tensor) -> Tensor:
                    return x * self.k

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return Scaler(2.0).run(x)  # <-
            """,
            "module, class, method, function, traceback, frame, or code object was expected",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[classes.ScriptClassLimits]) -> Diagnostic:
        name, what = problem.data.name, problem.data.what
        message, help = _WORDS.get(
            what, (f"breaks a rule of script classes ({what})", "make it a plain class with typed methods")
        )
        return self.about(cls, problem, f"the class `{name}` {message}", help=help)


_WORDS = {
    "inheritance": (
        "inherits from another class",
        "copy what it needs into it, or hold the other object in an attribute",
    ),
    "untyped-init": ("has an `__init__` whose parameters are not annotated", "annotate every parameter of `__init__`"),
    "deprecated": (
        "is marked `@deprecated`, which hides its code from the compiler",
        "leave the mark out, and warn where the class is made",
    ),
    "attribute-outside-init": ("sets an attribute that its `__init__` does not", "set the attribute in `__init__`"),
}
