"""The rule `local-import`."""

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


class LocalImport(Rule):
    """An `import` inside a compiled method."""

    code = "SK508"
    name = "local-import"
    label = "an import inside compiled code"
    note = "the compiler resolves names where the method is defined; it runs no imports"
    help = "move the import to the top of the file"
    VALID = ("import math\n\n" + forward("return x * math.pi"),)
    INVALID = (Invalid(forward("import math  # <-\n\nreturn x * math.pi"), "import statements aren't supported"),)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Import, ast.ImportFrom):
            yield self.found(
                cls,
                node,
                f"{shown(node)} stands inside `{function.name}`",
                suggestion=ast.unparse(node),
                method=function.name,
            )
