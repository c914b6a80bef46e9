"""The rule `positional-only-parameter`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class PositionalOnlyParameter(Rule):
    """A positional-only parameter, before a `/`.

    The compiler does not see these parameters at all.
    """

    code = "SK403"
    name = "positional-only-parameter"
    raw = ()
    label = "not seen by the compiler"
    note = "the compiler reads the parameters after a `/` only"
    help = "leave out the `/`"
    VALID = (forward("return x * k", "x: Tensor, k: int"),)
    INVALID = (
        Invalid(
            forward("return x * k", "x: Tensor, /, k: int").replace("Tensor:\n", "Tensor:  # <-\n", 1),
            "undefined value x",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for arg in function.node.args.posonlyargs[1 if function.self_name else 0 :][:1]:
                yield self.found(cls, arg, f"`{arg.arg}` of `{function.name}` is positional-only", method=function.name)
