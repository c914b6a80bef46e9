"""The rule `export-growing-list`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.export_reading import calls_of_methods, decided_by_a_run
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ExportGrowingList(Rule):
    """A list that grows in a `while` which the values of a tensor end.

    A loop of torch.export carries tensors whose sizes are known; a loop over a size may collect rows, since the size
    bounds them.
    """

    code = "SK652"
    name = "export-growing-list"
    typed = True
    engine = "export"
    label = "grows as often as only a run knows"
    note = "a loop of torch.export carries a fixed number of tensors from round to round"
    help = "write into a tensor that is made before the loop, or loop over a `range`"
    VALID = (
        forward(
            """
            rows: List[Tensor] = []
            for i in range(x.size(0)):
                rows.append(x[i] * 2)
            return torch.stack(rows)
            """
        ),
        forward("while x.sum() > 1.0:\n    x = x / 2\nreturn x"),
    )
    INVALID = (
        Invalid(
            forward(
                """
                rows: List[Tensor] = []
                while x.sum() > 1.0:
                    x = x / 2
                    rows.append(x)  # <-
                return torch.stack(rows)
                """
            ),
            "a list grows in a loop whose number of rounds only a run knows, and nothing bounds it",
            inputs="(torch.ones(2, 2),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, loop in nodes(cls, ast.While):
            if not (decided_by_a_run(cls, loop.test) and cls.is_live(loop)):
                continue
            for statement in loop.body:
                for call, held in calls_of_methods(statement, "append", "extend", "insert"):
                    if str(cls.type_of(held)).startswith("List"):
                        message = f"{shown(held)} grows in a loop that the values of a tensor end"
                        also = ((loop.test, "how often, only a run knows"),)
                        yield self.found(cls, call, message, method=function.name, also=also)
