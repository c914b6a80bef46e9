"""The rule `kwonly-default`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class KwonlyDefault(Rule):
    """A keyword-only parameter with a default."""

    code = "SK402"
    name = "kwonly-default"
    raw = ()
    label = "keyword-only, with a default"
    note = "the compiler takes keyword-only parameters only without a default"
    VALID = (
        forward("return x * scale", "x: Tensor, scale: float = 2.0"),
        forward("return x * scale", "x: Tensor, *, scale: float"),
    )
    INVALID = (
        Invalid(
            forward("return x * scale", "x: Tensor, *, scale: float = 2.0").replace("Tensor:\n", "Tensor:  # <-\n", 1),
            "or use keyword-only arguments with defaults",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            args = function.node.args
            for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
                if default is not None and args.kwarg is None and args.vararg is None:
                    yield self.found(
                        cls,
                        arg,
                        f"`{arg.arg}` of `{function.name}` is keyword-only and has a default",
                        help="leave out the `*` before it, or the default",
                        suggestion=f"{ast.unparse(arg)} = {ast.unparse(default)}",
                        method=function.name,
                    )
