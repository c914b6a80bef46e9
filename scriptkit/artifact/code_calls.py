"""What the statements of archived code call, as torch prints calls: an operator by its full name, never by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from scriptkit.artifact.code_tokens import Line

_ROOTS = {"torch": 2, "ops": 3, "CONSTANTS": 2, "__torch__": 2}
"""The names everything is reached by, and how many names at least stand in a row."""
_BUILTINS = frozenset(
    "unchecked_cast uninitialized annotate fork getattr hasattr isinstance range zip enumerate len min max abs"
    " all any sum sorted divmod list dict tuple set print bool float int str complex hash hex oct bin round ord"
    " chr slice".split()
)
_KEYWORDS = frozenset("return not and or if else elif while in is assert del raise for with as def".split())


RESERVED = _BUILTINS | _ROOTS.keys()


def dotted_names(line: Line) -> Iterator[tuple[list[str], bool]]:
    """Each name of a line with what stands behind its dots, and whether that is called; not that of a function's head.

    A method is called as anything is: it is reached through an object, and hides nothing.
    """
    tokens = line.tokens
    place = 0
    while place < len(tokens):
        start = place
        while tokens[place].kind == "name" and place + 2 < len(tokens) and tokens[place + 1].text == ".":
            if tokens[place + 2].kind != "name":
                break
            place += 2
        place += 1
        if tokens[start].kind == "name" and (start == 0 or tokens[start - 1].text not in (".", "def")):
            yield [token.text for token in tokens[start:place:2]], place < len(tokens) and tokens[place].text == "("


def unknown_call(line: Line, known: AbstractSet[str]) -> str:
    """What a line calls or names in a way that torch never prints; otherwise nothing."""
    for parts, is_called in dotted_names(line):
        least = _ROOTS.get(parts[0])
        if parts[:2] == ["torch", "autograd"]:
            least = 3
        is_operator = parts[0] in ("torch", "ops")
        if least is not None and (len(parts) < least or (is_operator and (len(parts) != least or not is_called))):
            return ".".join(parts)
        if least is None and len(parts) == 1 and is_called and parts[0] not in known | _BUILTINS | _KEYWORDS:
            return parts[0]
    return ""


def operators(line: Line) -> Iterator[tuple[str, str]]:
    """The operators a line names, as it names them and by name: `torch.save` is `aten::save`, `ops.aten.save` too."""
    for parts, _ in dotted_names(line):
        if parts[0] == "torch":
            yield ".".join(parts), f"aten::{parts[1]}"
        elif parts[0] == "ops":
            yield ".".join(parts), f"{parts[1]}::{parts[2]}"
