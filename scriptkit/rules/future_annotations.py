"""The rule `future-annotations`."""

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


class FutureAnnotations(Rule):
    """A function marked `@torch.jit.ignore` in a file with `from __future__ import annotations`.

    The import turns its annotations into strings, and the compiler reads those of ignored functions as they are.
    """

    code = "SK117"
    name = "future-annotations"
    typed = True
    raw = ()
    supersedes = ("python-call",)
    label = "its types are strings"
    note = "the compiler cannot read the source of an ignored function, and takes its annotations as they are"
    help = "leave out the import in this file, or move the function to a file without it"
    VALID = (
        "@torch.jit.ignore\ndef halve(x: Tensor) -> Tensor:\n    return x / 2\n\n\n"
        + forward("if not torch.jit.is_scripting():\n    x = halve(x)\nreturn x"),
    )
    INVALID = (
        Invalid(
            "from __future__ import annotations\n@torch.jit.ignore\n"
            "def halve(x: Tensor) -> Tensor:\n    return x / 2\n\n\n" + forward("return halve(x)  # <-"),
            "Unknown type annotation: 'Tensor'",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        if not cls.module.future_annotations:
            return
        for function, node in nodes(cls, ast.Call):
            called = cls.module.functions.get(node.func.id) if isinstance(node.func, ast.Name) else None
            if called is not None and "ignore" in called.marks and cls.is_live(node):
                yield self.found(
                    cls,
                    node,
                    f"`{called.name}` is marked `ignore` under the future import",
                    also=((word(cls, called.node, "def"), "its annotations are strings"),),
                    method=function.name,
                )
