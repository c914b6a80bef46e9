"""The rule `type-ignore-comment`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import type_comments
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class TypeIgnoreComment(Rule):
    """A `# type: ignore` comment that the compiler takes for a type.

    It skips `# type: ignore` and `# type: ignore[one-code]` at the end of a line. Two codes, or anything after the
    comment, make it read the comment as a signature. In a `ScriptableModule` such comments do no harm.
    """

    code = "SK527"
    name = "type-ignore-comment"
    raw = (r"expected (type comment|\() but found .*# ?type: ?ignore",)
    lifted = True
    label = "taken for a type comment"
    note = "the compiler skips `# type: ignore` with at most one code, at the end of the line"
    VALID = (forward("y: int = x.size(0)  # type: ignore[assignment]\nreturn x * y"),)
    INVALID = (
        Invalid(
            forward("y: int = x.size(0)  # type: ignore[misc, arg-type]  # <-\nreturn x * y"),
            "expected type comment but found 'ident' here",
        ),
        Invalid(
            forward("y: int = x.size(0)  # type: ignore[misc]  # noqa: E501  # <-\nreturn x * y"),
            "expected type comment but found 'ident' here",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, place, comment in type_comments(cls):
            if comment.startswith(("# type: ignore", "# type:ignore")):
                yield self.found(
                    cls,
                    place,
                    f"`{comment[:40]}` is read as a type comment",
                    help="keep one error code in it, and nothing after it",
                    suggestion="# type: ignore[<error code>]",
                    method=function.name,
                )
