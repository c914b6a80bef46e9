"""The rule `no-grad-decorator`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import grad_mode
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class NoGradDecorator(Rule):
    """`@torch.no_grad()` or `@torch.inference_mode()` on a compiled method.

    The compiler drops it without a word: results carry a gradient. A `ScriptableModule` honours it.
    """

    code = "SK412"
    name = "no-grad-decorator"
    lifted = True
    label = "not part of the compiled code"
    note = "the compiler compiles the text of a function; a decorator is dropped"
    help = "write a `with` block inside the method"
    VALID = (forward("with torch.no_grad():\n    y = x * 2\nreturn y"),)
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                @torch.no_grad()  # <-
                def forward(self, x: Tensor) -> Tensor:
                    doubled = x * 2
                    return doubled + doubled.abs()
            """,
            None,
            inputs="(torch.ones(2, requires_grad=True),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for node, dotted in function.decorators:
                if dotted is not None and grad_mode(dotted):
                    yield self.found(
                        cls,
                        node,
                        f"the decorator `@{ast.unparse(node)}` of `{function.name}` is dropped",
                        suggestion="with torch.no_grad():",
                        method=function.name,
                    )
