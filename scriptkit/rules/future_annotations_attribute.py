"""The rule `future-annotations-attribute`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import declarations
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class FutureAnnotationsAttribute(Rule):
    """An annotation in the class body under `from __future__ import annotations`.

    The import turns every annotation into a string, which the compiler does not resolve there. A `ScriptableModule`
    may have it.
    """

    code = "SK116"
    name = "future-annotations-attribute"
    once = True
    raw = ()
    lifted = True
    supersedes = ("unsupported-annotation", "submodule-annotation")
    label = "a string under the future import"
    note = "`from __future__ import annotations` turns annotations into strings, which the class body does not resolve"
    help = "leave out the import in this file"
    VALID = (model("self.sizes = []", "return x * len(self.sizes)", declared="sizes: List[int]"),)
    INVALID = (
        Invalid(
            "from __future__ import annotations\n"
            + model("self.sizes = []", "return x * len(self.sizes)", declared="sizes: List[int]  # <-"),
            "Unknown type annotation",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        if cls.module.future_annotations:
            for name, declaration in declarations(cls):
                yield self.found(cls, declaration, f"the annotation of `{name}` is a string under the future import")
