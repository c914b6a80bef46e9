"""The rule `list-expansion`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ListExpansion(Rule):
    """A list expanded inside a list or tuple literal: `[*xs, x]`."""

    code = "SK531"
    name = "list-expansion"
    typed = True
    raw = ()
    label = "a list of unknown length"
    note = "the compiler must know how many elements a literal has; a tuple tells, a list does not"
    help = "add lists with `+`"
    VALID = (
        forward("return torch.stack(xs + [xs[0]])", "xs: List[Tensor]"),
        forward("pair = (x, x)\nreturn torch.stack([*pair, x])"),
    )
    INVALID = (
        Invalid(
            forward("return torch.stack([*xs, xs[0]])  # <-", "xs: List[Tensor]"),
            "cannot statically infer the expected size of a list in this context",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.List, ast.Tuple):
            for element in node.elts:
                if (
                    isinstance(element, ast.Starred)
                    and isinstance(element.ctx, ast.Load)
                    and _is_list(cls, element.value)
                ):
                    yield self.found(
                        cls,
                        element,
                        f"{shown(element)} expands a list inside a literal",
                        suggestion=f"{ast.unparse(element.value)} + [<element>]",
                        method=function.name,
                    )


def _is_list(cls: ClassFacts, node: ast.expr) -> bool:
    return str(cls.type_of(node)).startswith("List[") and cls.is_live(node)
