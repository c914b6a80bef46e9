"""The rule `type-comment-signature`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import type_comments
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class TypeCommentSignature(Rule):
    """A comment that begins with `# type:` and is no signature.

    The compiler still reads Python 2 style type comments. In a `ScriptableModule` such comments do no harm.
    """

    code = "SK528"
    name = "type-comment-signature"
    raw = (r"expected (type comment|\() but found",)
    lifted = True
    label = "taken for the type of the function"
    note = "the compiler reads `# type:` comments as the signature of the function, as in Python 2"
    VALID = (
        forward("# kind: raw\nreturn x"),
        "class Model(nn.Module):\n    def forward(self, x):\n        # type: (Tensor) -> Tensor\n        return x\n",
    )
    INVALID = (
        Invalid(forward("# type: of the input is float  # <-\nreturn x"), "expected ( but found 'ident' here"),
        Invalid(
            forward("y = x.size(0)  # type: int  # <-\nreturn x * y"), "expected type comment but found 'ident' here"
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, place, comment in type_comments(cls):
            if not comment.startswith(("# type: ignore", "# type:ignore")):
                yield self.found(
                    cls,
                    place,
                    f"`{comment[:40]}` is read as a signature",
                    help="annotate in the code, and do not begin a comment with `type:`",
                    method=function.name,
                )
