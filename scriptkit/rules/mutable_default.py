"""The rule `mutable-default`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class MutableDefault(Rule):
    """A list or dict as the default of a parameter."""

    code = "SK404"
    name = "mutable-default"
    label = "one object shared by all calls"
    note = "Python shares a mutable default between calls, and the compiler has no such object"
    VALID = (
        forward(
            "if sizes is None:\n    sizes = [1, 2]\nreturn x * sizes[0]",
            "x: Tensor, sizes: Optional[List[int]] = None",
        ),
    )
    INVALID = (
        Invalid(
            forward("return x * sizes[0]", "x: Tensor, sizes: List[int] = [1, 2]").replace(
                "Tensor:\n", "Tensor:  # <-\n", 1
            ),
            "Mutable default parameters are not supported",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for parameter in function.parameters:
                arg, default = parameter.node, parameter.default
                if isinstance(default, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp)):
                    declared = ast.unparse(arg.annotation) if arg.annotation else "<type>"
                    yield self.found(
                        cls,
                        default,
                        f"the default of `{arg.arg}` is the mutable value {shown(default)}",
                        help="make the default `None`, and create the value in the body",
                        suggestion=f"{arg.arg}: Optional[{declared}] = None",
                        method=function.name,
                    )
