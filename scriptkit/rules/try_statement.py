"""The rule `try-statement`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


TRIES = tuple(kind for kind in (ast.Try, getattr(ast, "TryStar", None)) if kind is not None)  # from Python 3.11 on


class TryStatement(Rule):
    """A `try` block in a compiled method.

    Compiled code can raise, but it cannot catch: an exception leaves the model.
    """

    code = "SK503"
    name = "try-statement"
    supersedes = ("missing-return-path", "maybe-undefined-variable", "undefined-name", "not-iterable")
    reach = "method"
    label = "compiled code cannot catch exceptions"
    note = "the compiler knows `raise` and `assert`, and nothing that catches them, even under `is_scripting()`"
    help = "test for the condition beforehand, or move the block to a method marked `@torch.jit.unused`"
    VALID = (forward('if x.numel() == 0:\n    raise ValueError("empty")\nreturn x / x.numel()'),)
    INVALID = (
        Invalid(
            forward("try:  # <-\n    return x / x.numel()\nexcept ZeroDivisionError:\n    return x"),
            "try blocks aren't supported",
        ),
        Invalid(forward("try:  # <-\n    return x + 1\nfinally:\n    print(x)"), "try blocks aren't supported"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, *TRIES):
            yield self.found(
                cls, word(cls, node, "try"), f"`try` in `{function.name}` cannot be compiled", method=function.name
            )
