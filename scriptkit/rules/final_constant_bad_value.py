"""The rule `final-constant-bad-value`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class FinalConstantBadValue(Rule):
    """A `Final` attribute whose value cannot be a constant."""

    code = "SK111"
    name = "final-constant-bad-value"
    label = "no constant for the compiler"
    note = "constants are numbers, strings, `None`, devices, dtypes, and lists and tuples of them"
    help = "declare it without `Final`, with its type"
    VALID = (model("self.sizes = (1, 2)", "return x * self.sizes[0]", declared="sizes: Final[Tuple[int, int]]"),)
    INVALID = (
        Invalid(
            model('self.sizes = {"a": 1}  # <-', 'return x * self.sizes["a"]', declared="sizes: Final[Dict[str, int]]"),
            "is not a valid constant",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for name, facts in cls.attributes.items():
            for assignment in facts.init if facts.final and facts.declaration is not None else ():
                if isinstance(assignment.value, (ast.Dict, ast.Set, ast.DictComp, ast.SetComp)):
                    yield self.found(
                        cls,
                        assignment.value,
                        f"`{name}` is `Final`, and {shown(assignment.value)} cannot be a constant",
                        suggestion=f"{name}: <type>",
                        also=((facts.declaration, "declared a constant"),) if facts.declaration else (),
                        method="__init__",
                    )
