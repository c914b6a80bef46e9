"""How the site paints what scriptkit says: findings and differences in blocks of text."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups  # type: ignore[import-untyped]
from pygments.token import Generic, Text  # type: ignore[import-untyped]


class FindingLexer(RegexLexer):  # type: ignore[misc]  # pygments is not typed
    """A block of text; what is no finding and no difference stays as it is."""

    name = "scriptkit's findings"
    aliases: ClassVar[list[str]] = ["finding"]
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"^error(\[\w+\])?:.*\n?", Generic.Error),
            (r"^warning(\[\w+\])?:.*\n?", Generic.Strong),
            (r"^(\w+Error)(: .*\n?)", bygroups(Generic.Error, Text)),
            (r"^ *-->.*\n?", Generic.Output),
            (r"^( *\| +)([\^-]+.*\n?)", bygroups(Text, Generic.Traceback)),
            (r"^( *= )(help:)(.*\n?)", bygroups(Text, Generic.Heading, Text)),
            (r"^( *= )(note:)(.*\n?)", bygroups(Text, Generic.Output, Text)),
            (r"^(---|\+\+\+|@@).*\n?", Generic.Output),
            (r"^\+.*\n?", Generic.Inserted),
            (r"^-(?=\S| {4}).*\n?", Generic.Deleted),
            (r".+\n?|\n", Text),
        ]
    }
