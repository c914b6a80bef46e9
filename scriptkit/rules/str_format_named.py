"""The rule `str-format-named`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class StrFormatNamed(Rule):
    """`str.format` with anything but plain `{}`.

    Names are refused. Numbers and formats are not: the compiler leaves them in the text as they stand.
    """

    code = "SK701"
    name = "str-format-named"
    raw = (r"aten::format\(str self, \.\.\.\) -> str: Keyword argument \w+ unknown",)
    supersedes = ("call-unknown-kwarg", "no-matching-overload")
    note = "compiled `format` replaces plain `{}`, one after the other, and leaves every other `{...}` as it stands"
    help = "use plain `{}` in the order of the arguments; give digits and widths where the model is called"
    VALID = (forward('return "{} of {}".format(1, x.size(0))', returns="str"),)
    INVALID = (
        Invalid(
            forward('return "{n} rows".format(n=x.size(0))  # <-', returns="str"), "aten::format(str self, ...) -> str"
        ),
        Invalid(forward('return "{0} rows".format(x.size(0))  # <-', returns="str"), None, inputs="(torch.ones(2),)"),
        Invalid(
            forward('return "{:.2f}".format(x.mean().item())  # <-', returns="str"), None, inputs="(torch.ones(2),)"
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            match node.func:
                case ast.Attribute(value=ast.Constant(value=str(text)), attr="format"):
                    field = next((f for f in _FIELD.findall(text) if f != "{}"), None)
                    if field or node.keywords:
                        field = field or f"{{{node.keywords[0].arg}}}"
                        yield self.found(
                            cls,
                            node,
                            f"`format` fills in `{field}`, which is not a plain `{{}}`",
                            label=f"`{field}` stays in the text"
                            if not node.keywords
                            else f"`{field}` is not filled in",
                            method=function.name,
                        )


_FIELD = re.compile(r"\{[^{}]*\}")
