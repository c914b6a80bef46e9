"""The rule `implicit-bool-of-none-or-module`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import optionals
from scriptkit.rules.examples import forward, model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ImplicitBoolOfNoneOrModule(ProblemRule[optionals.ImplicitBool]):
    """A condition that has no truth value for the compiler: a module, `None`, an `Optional`, a tuple, a device."""

    code = "SK204"
    name = "implicit-bool-of-none-or-module"
    raw = ("Could not cast value of type .* to bool",)
    supersedes = ("or-on-non-bool",)
    kinds = (optionals.ImplicitBool,)
    note = "conditions are bools, numbers, strings, lists, dicts, and tensors of one element"
    VALID = (
        model("self.down = None", "if self.down is not None:\n    x = self.down(x)\nreturn x"),
        forward("if mask is not None:\n    x = x * mask\nreturn x", "x: Tensor, mask: Optional[Tensor] = None"),
    )
    INVALID = (
        Invalid(
            model("self.down = nn.Linear(2, 2)", "if self.down:  # <-\n    x = self.down(x)\nreturn x"),
            "Could not cast value of type",
        ),
        Invalid(
            model("self.down = None", "if self.down:  # <-\n    x = x + 1\nreturn x"),
            "Could not cast value of type NoneType to bool",
        ),
        Invalid(
            forward("if mask:  # <-\n    x = x * 2\nreturn x", "x: Tensor, mask: Optional[Tensor] = None"),
            "Could not cast value of type Optional[Tensor] to bool",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[optionals.ImplicitBool]) -> Diagnostic:
        text, what, kind = ast.unparse(problem.node), problem.data.what, problem.data.type
        value = {"module": "a module", "None": "`None`"}.get(what, f"a `{kind}`")
        none = what in ("module", "None", "Optional")
        return self.about(
            cls,
            problem,
            f"{quoted(text)} is used as a condition, and {value} has no truth value",
            label="a module" if what == "module" else f"`{kind}` here",
            help="compare it with `None`" if none else "write the comparison that is meant",
            suggestion=f"{text} is not None" if none else "",
        )
