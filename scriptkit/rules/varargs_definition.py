"""The rule `varargs-definition`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class VarargsDefinition(Rule):
    """`*args` or `**kwargs` among the parameters of a compiled function."""

    code = "SK401"
    name = "varargs-definition"
    raw = ("Compiled functions can't take variable number of arguments",)
    note = "a compiled function takes a fixed number of parameters, each with a type"
    VALID = (forward("return torch.stack(xs)", "xs: List[Tensor]"),)
    INVALID = (
        Invalid(
            forward("return xs[0]  # nothing", "*xs: Tensor").replace("Tensor:", "Tensor:  # <-", 1),
            "can't take variable number of arguments",
        ),
        Invalid(
            forward("return x", "x: Tensor, **options: Any").replace("Tensor:\n", "Tensor:  # <-\n", 1),
            "can't take variable number of arguments",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for star, arg, kind in (("*", function.node.args.vararg, "List"), ("**", function.node.args.kwarg, "Dict")):
                if arg is not None:
                    element = ast.unparse(arg.annotation) if arg.annotation else "<type>"
                    yield self.found(
                        cls,
                        arg,
                        f"`{function.name}` takes `{star}{arg.arg}`",
                        label="a variable number of arguments",
                        help=f"take a `{kind}`" if star == "*" else "write each parameter out",
                        suggestion=f"{arg.arg}: List[{element}]" if star == "*" else f"<name>: {element} = <default>",
                        method=function.name,
                    )
