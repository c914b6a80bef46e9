"""The rule `comprehension-multiple-generators`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ComprehensionMultipleGenerators(Rule):
    """A comprehension with more than one `for`."""

    code = "SK514"
    name = "comprehension-multiple-generators"
    label = "the second `for` of one comprehension"
    note = "a comprehension has exactly one `for`"
    help = "write nested loops that append to an annotated list"
    VALID = (forward("rows = [x[i].sum() for i in range(x.size(0))]\nreturn torch.stack(rows)"),)
    INVALID = (
        Invalid(
            forward("return torch.stack([x[i, j] for i in range(x.size(0)) for j in range(x.size(1))])  # <-"),
            "Only a single generator is currently supported",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.ListComp, ast.DictComp, ast.GeneratorExp):
            if len(node.generators) > 1:
                second = node.generators[1]
                yield self.found(
                    cls,
                    second.target,
                    f"a comprehension has {len(node.generators)} `for` parts",
                    method=function.name,
                )
