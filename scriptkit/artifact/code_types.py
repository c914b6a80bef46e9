"""The types of archived code, as they are printed: `Dict[str, Tensor]`, `__torch__.zoo.Net`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scriptkit.artifact.code_tokens import Token, code_lines
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Type(NamedTuple):
    """A name, and what stands in its brackets."""

    name: str
    inner: tuple[Type, ...] = ()

    def named(self) -> Iterator[str]:
        """Every name in it."""
        yield self.name
        for inner in self.inner:
            yield from inner.named()


def type_of_text(text: str) -> Type | None:
    """The type a text names, or None when it names none."""
    try:
        lines = list(code_lines("type", text.encode("ascii")))
    except (ArtifactError, UnicodeEncodeError):
        return None
    return read_type(lines[0].tokens) if len(lines) == 1 and lines[0].depth == 0 else None


def read_type(tokens: list[Token]) -> Type | None:
    """The type these tokens name, or None when they are something else."""
    found = _read(tokens, 0)
    return found[0] if found is not None and found[1] == len(tokens) else None


def _read(tokens: list[Token], place: int) -> tuple[Type, int] | None:
    name, place = _dotted(tokens, place)
    if not name:
        return None
    if not _is(tokens, place, "["):
        return Type(name), place
    place += 1
    if name == "Tuple" and _is(tokens, place, "(") and _is(tokens, place + 1, ")") and _is(tokens, place + 2, "]"):
        return Type("Tuple"), place + 3
    inner: list[Type] = []
    while True:
        found = _read(tokens, place)
        if found is None:
            return None
        inner.append(found[0])
        place = found[1]
        if _is(tokens, place, "]"):
            return Type(name, tuple(inner)), place + 1
        if not _is(tokens, place, ","):
            return None
        place += 1


def _dotted(tokens: list[Token], place: int) -> tuple[str, int]:
    parts: list[str] = []
    while place < len(tokens) and tokens[place].kind == "name":
        parts.append(tokens[place].text)
        place += 1
        if not _is(tokens, place, "."):
            return ".".join(parts), place
        place += 1
    return "", place


def _is(tokens: list[Token], place: int, text: str) -> bool:
    return place < len(tokens) and tokens[place].text == text
