"""Reading the compiler's error text: what it says, and which places of the user's files it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from scriptkit.engines.torchscript.torch_names import private

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACE: Final = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>\S+))?\s*$')
_MARK: Final = re.compile(r"^(?P<before>\s*)(?P<mark>~+)(?: <--- HERE)?\s*$")
_OVERLOADS: Final = "The following variants are available:"
_WHY: Final = re.compile(
    r"Expected a value of type '.*?' for argument '(?P<argument>\w+)' but instead found type '.*?'"
)
_IN_WORDS: Final = {
    "Unsupported value kind: Tensor": "a call leaves out an argument whose parameter is a `Tensor` and has the default "
    "`None`",
}
"""What the compiler says without a name or a place."""


@dataclass(frozen=True)
class Place:
    """A place the compiler names; columns count from 1, 0 where it draws no mark."""

    path: str
    line: int
    column: int = 0
    end_column: int = 0


@dataclass(frozen=True)
class RawError:
    """One error of the compiler: its first words, its reason cut to what matters, and its places, innermost first."""

    text: str
    reason: str
    places: tuple[Place, ...]

    def names(self, path: str, line: int) -> bool:
        """Whether the error points at a line."""
        return any(p.path == path and p.line == line for p in self.places)


def read(error: BaseException) -> RawError:
    """Read an error raised while compiling."""
    text = private.plain(str(error))
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if _PLACE.match(line)), len(lines))
    reason = _reason("\n".join(lines[:first]))
    return RawError(text, _IN_WORDS.get(reason, reason), tuple(_places(lines)))


def _places(lines: list[str]) -> list[Place]:
    places: list[Place] = []
    starts = [(i, m) for i, line in enumerate(lines) if (m := _PLACE.match(line))]
    for (start, match), (end, _) in zip(starts, [*starts[1:], (len(lines), None)], strict=False):
        places.append(_marked(match["path"], int(match["line"]), lines[start + 1 : end]))
    return places


def _marked(path: str, line: int, drawn: list[str]) -> Place:
    """The first mark is drawn under the line the frame names; its position counts bytes."""
    for above, below in pairwise(drawn):
        if mark := _MARK.match(below):
            start = _characters(above, len(mark["before"]))
            end = _characters(above, len(mark["before"]) + len(mark["mark"]))
            return Place(path, line, start + 1, max(end, start + 1) + 1)
    return Place(path, line)


def _characters(line: str, byte_count: int) -> int:
    return len(line.encode()[:byte_count].decode(errors="ignore"))


def _reason(text: str) -> str:
    """Without overload dumps: which argument has which type, and what the closest overload wants."""
    text = text.strip().rstrip(":").strip()
    if _OVERLOADS not in text:
        return " ".join(text.split())
    overloads = list(_overloads(text))
    if not overloads:
        return " ".join(text.split("\n\n")[0].split())
    schema, why = max(overloads, key=lambda overload: _arguments_that_fit(*overload))
    return f"{why} (closest of {len(overloads)} overloads: {schema})"


def _overloads(text: str) -> Iterator[tuple[str, str]]:
    """Each overload the compiler lists and what does not fit it."""
    for block in re.split(r"\n\s*\n", text.split(_OVERLOADS)[1]):
        schema, _, rest = block.strip().partition(":\n")
        why = _WHY.search(rest)
        if why is None:
            schema, _, rest = " ".join(block.split()).partition(": ")
            why = _WHY.search(rest)
        if why is not None and "->" in schema:
            yield " ".join(schema.split()), why.group()


def _arguments_that_fit(schema: str, why: str) -> tuple[int, bool]:
    """How many arguments fit before the first that does not; an overload for tensors beats one for numbers."""
    mismatch = _WHY.search(why)
    name = mismatch["argument"] if mismatch else ""
    before = re.split(rf"\b{name}\b", schema.partition("(")[2])[0]
    return before.count(","), "Tensor" in before
