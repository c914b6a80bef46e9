"""The rule `text-beyond-ascii`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts

_BY_BYTES = frozenset(
    "upper lower title capitalize swapcase find rfind index rindex center ljust rjust zfill isalpha isalnum isdigit "
    "isnumeric isdecimal islower isupper isspace isprintable isidentifier istitle splitlines".split()
)
_OF_WHITESPACE = frozenset({"split", "rsplit", "strip", "lstrip", "rstrip"})


class TextBeyondAscii(Rule):
    """A letter, a length or a place of a text with letters beyond ASCII.

    Compiled code takes a text for bytes, and such a letter is two of them or more: lengths, places, cases and single
    letters are others. Joining, comparing, replacing and looking for a part with `in` are as in Python.
    """

    code = "SK714"
    name = "text-beyond-ascii"
    severity = "warning"
    label = "bytes in compiled code"
    note = "compiled code takes a text for bytes; scriptkit's raises where it would give another answer"
    help = "compute it in `__init__`, or keep texts in lists of letters"
    VALID = (
        forward("return x + 1 if 'caf\u00e9' in text else x", "x: Tensor, text: str"),
        forward("return text.replace('\u00e9', 'e')", "text: str", "str"),
        forward("return len('cafe')", "x: Tensor", "int"),
    )
    INVALID = (
        Invalid(forward("return len('caf\u00e9')  # <-", "x: Tensor", "int"), None, inputs="(torch.ones(1),)"),
        Invalid(forward("return '\u00e9ab'[2]  # <-", "x: Tensor", "str"), None, inputs="(torch.ones(1),)"),
        Invalid(forward("return '\u00e9b'.upper()  # <-", "x: Tensor", "str"), None, inputs="(torch.ones(1),)"),
        Invalid(forward("return '\u00e9b'.find('b')  # <-", "x: Tensor", "int"), None, inputs="(torch.ones(1),)"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for kind in (ast.Call, ast.Subscript, ast.For):
                for node in function.by_kind.get(kind, ()):
                    text = _text_taken_apart(node)
                    if text is not None and not text.isascii() and cls.is_live(node):
                        where = node.iter if isinstance(node, ast.For) else node
                        message = f"{quoted(repr(text))} is taken apart, and holds letters beyond ASCII"
                        yield self.found(cls, where, message, method=function.name)


def _text_taken_apart(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id="len" | "list" | "ord"), args=[ast.Constant(value=str() as text)]):
            return text
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr=method), args=arguments):
            return text if method in _BY_BYTES or (method in _OF_WHITESPACE and not arguments) else None
        case ast.Subscript(value=ast.Constant(value=str() as text)) | ast.For(iter=ast.Constant(value=str() as text)):
            return text
        case _:
            return None
