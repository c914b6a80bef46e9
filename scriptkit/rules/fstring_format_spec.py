"""The rule `fstring-format-spec`."""

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


class FstringFormatSpec(Rule):
    """An f-string with a format (`:.2f`), a conversion (`!r`), or `=`."""

    code = "SK518"
    name = "fstring-format-spec"
    label = "more than a plain `{...}`"
    note = "the compiler fills in plain `{...}` only: no format, no conversion, no `=`"
    VALID = (
        forward('return f"size {x.size(0)}"', returns="str"),
        forward('return "%f" % float(x.mean())', returns="str"),
    )
    INVALID = (
        Invalid(
            forward('return f"{x.mean().item():.2f}"  # <-', returns="str"), "Don't support formatting in JoinedStr"
        ),
        Invalid(forward('return f"{x.size(0)!r}"  # <-', returns="str"), "Don't support conversion in JoinedStr"),
        Invalid(forward('return f"{x.size(0)=}"  # <-', returns="str"), "Don't support conversion in JoinedStr"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.JoinedStr):
            part = next(
                (p for p in node.values if isinstance(p, ast.FormattedValue) and (p.conversion != -1 or p.format_spec)),
                None,
            )
            if part is not None:
                what = "a format" if part.format_spec else "a conversion"
                value = ast.unparse(part.value)
                yield self.found(
                    cls,
                    node,
                    f"an f-string gives {shown(part.value)} {what}",
                    help=f"leave {what} out; a number of digits is given where the model is called",
                    suggestion=f'f"{{{value}}}"',
                    method=function.name,
                )
