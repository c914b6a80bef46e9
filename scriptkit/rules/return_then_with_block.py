"""The rule `return-then-with-block`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ReturnThenWithBlock(Rule):
    """An early `return`, with a `with` block after it in the same function.

    The compiler rewrites early returns into conditions, and this one makes it fail with an assertion of its own.
    """

    code = "SK526"
    name = "return-then-with-block"
    label = "this block follows an early `return`"
    note = "the compiler moves what follows an early `return` into its `else`, and cannot move a `with` block"
    help = "write the rest of the function as the `else` branch of that `if`"
    VALID = (
        forward(
            "if k > 0:\n    return x\nelse:\n    with torch.no_grad():\n        y = x * 2\n    return y",
            "x: Tensor, k: int",
        ),
        forward("with torch.no_grad():\n    y = x * 2\nif k > 0:\n    return x\nreturn y", "x: Tensor, k: int"),
    )
    INVALID = (
        Invalid(
            forward(
                "if k > 0:\n    return x\nwith torch.no_grad():  # <-\n    y = x * 2\nreturn y", "x: Tensor, k: int"
            ),
            "outputs_[i]->uses().empty() INTERNAL ASSERT FAILED",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for early, block in _with_after_return(function.node.body):
                yield self.found(
                    cls,
                    word(cls, block, "with"),
                    "a `with` block follows an early `return`",
                    also=((early, "returns early here"),),
                    method=function.name,
                )


def _with_after_return(body: list[ast.stmt]) -> Iterator[tuple[ast.Return, ast.With]]:
    """A `with` statement in a block, after an `if` of that block one of whose branches returns."""
    early: ast.Return | None = None
    for statement in body:
        if isinstance(statement, ast.With) and early is not None:
            yield early, statement
            return
        if isinstance(statement, ast.If):
            early = early or _only_return(statement)


def _only_return(branch: ast.If) -> ast.Return | None:
    """The `return` in which one, and only one, side of the `if` ends."""
    last = [side[-1] if side else None for side in (branch.body, branch.orelse)]
    returns = [statement for statement in last if isinstance(statement, ast.Return)]
    return returns[0] if len(returns) == 1 else None
