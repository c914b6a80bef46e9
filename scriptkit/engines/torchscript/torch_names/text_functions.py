"""What compiled code does with texts where torch's operators are not Python's; compiled once, copied into graphs.

TorchScript sees a text as bytes: one letter beyond ASCII is two of them or more. Python runs none of this.
"""

from __future__ import annotations


def refuse_beyond_ascii(text: str) -> None:
    """Raise where a text holds more than ASCII; `isprintable` is quick, and says no to every other byte."""
    if not text.replace("\n", " ").replace("\t", " ").isprintable():
        for byte in text:
            if ord(byte) > 127:  # noqa: PLR2004 - the last of ASCII
                raise ValueError("compiled code takes a text for bytes, and this one holds letters beyond ASCII")


def counted(text: str, part: str, start: int, end: int) -> int:
    """`text.count(part)`; torch finds no empty text in any, or never ends."""
    if len(part) == 0:
        if start != 0 or end != -1:
            raise ValueError("compiled code does not count the empty text between two places")
        return len(text) + 1
    return text.count(part, start, end)


def replaced(text: str, old: str, new: str, most: int) -> str:
    """`text.replace(old, new)`; torch never ends where `old` is empty."""
    if len(old) == 0:
        if most >= 0:
            raise ValueError("compiled code does not replace the empty text a number of times")
        made = new
        for letter in text:
            made += letter + new
        return made
    return text.replace(old, new, most)


def refuse_empty(separator: str) -> None:
    """Raise as Python does, where torch never ends."""
    if len(separator) == 0:
        raise ValueError("empty separator")


def lines(text: str, keepends: bool) -> list[str]:  # noqa: FBT001 - as the operator has it
    """`text.splitlines()`; torch takes what ends a line in two letters for two ends."""
    found: list[str] = []
    start = 0
    place = 0
    while place < len(text):
        code = ord(text[place])
        if code in [10, 11, 12, 13, 28, 29, 30]:
            end = place
            if code == 13 and place + 1 < len(text) and ord(text[place + 1]) == 10:  # noqa: PLR2004 - two, one end
                place += 1
            found.append(text[start : place + 1] if keepends else text[start:end])
            start = place + 1
        place += 1
    if start < len(text):
        found.append(text[start:])
    return found


def filled(text: str, width: int) -> str:
    """`text.zfill(width)`; torch writes the zeros before a sign."""
    zeros = "".join(["0" for _ in range(width - len(text))])
    if len(text) > 0 and text[0] in ["+", "-"]:
        return text[0] + zeros + text[1:]
    return zeros + text


def stripped_left(text: str, _chars: str) -> str:
    """`text.lstrip()`; for torch a carriage return is no white space."""
    start = len(text)
    for place in range(len(text)):
        if start == len(text) and ord(text[place]) not in [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]:
            start = place
    return text[start:]


def stripped_right(text: str, _chars: str) -> str:
    """`text.rstrip()`; for torch a carriage return is no white space."""
    end = 0
    for place in range(len(text)):
        if ord(text[place]) not in [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]:
            end = place + 1
    return text[:end]


def stripped(text: str, _chars: str) -> str:
    """`text.strip()`; for torch a carriage return is no white space.

    One loop over all: torch's optimizer makes nonsense of two copies of loops from both ends.
    """
    start, end = 0, 0
    for place in range(len(text)):
        if ord(text[place]) not in [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]:
            start = place if end == 0 else start
            end = place + 1
    return text[start:end]


def words(text: str, _separator: str | None, most: int) -> list[str]:
    """`text.split()`."""
    found: list[str] = []
    place = 0
    while place < len(text):
        if ord(text[place]) in [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]:
            place += 1
        elif most >= 0 and len(found) == most:
            found.append(text[place:])
            return found
        else:
            start = place
            while place < len(text) and ord(text[place]) not in [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]:
                place += 1
            found.append(text[start:place])
    return found


def parts(text: str, separator: str | None, most: int) -> list[str]:
    """`text.split(separator)`; torch finds no part in the empty text."""
    return [""] if len(text) == 0 else text.split(separator, most)


def parts_from_the_right(text: str, separator: str, most: int) -> list[str]:
    """`text.rsplit(separator)`; torch finds no part in the empty text."""
    return [""] if len(text) == 0 else text.rsplit(separator, most)


def centered(text: str, width: int, fill: str) -> str:
    """`text.center(width, fill)`; torch never ends where `width` is negative, and has odd places at the other side."""
    if len(fill) != 1:
        raise TypeError("The fill character must be exactly one character long")
    left = width - len(text)
    if left <= 0:
        return text
    before = left // 2 + (left & width & 1)
    return "".join([fill for _ in range(before)]) + text + "".join([fill for _ in range(left - before)])


def found(text: str, part: str, start: int, end: int) -> int:
    """`text.find(part, start, end)`; torch raises where `start` lies behind the end, and finds the empty text there."""
    return -1 if start > len(text) else text.find(part, start, end)


def found_last(text: str, part: str, start: int, end: int) -> int:
    """`text.rfind(part, start, end)`."""
    return -1 if start > len(text) else text.rfind(part, start, end)


def place_of(text: str, part: str, start: int, end: int) -> int:
    """`text.index(part, start, end)`."""
    if start > len(text):
        raise ValueError("substring not found")
    return text.index(part, start, end)


def last_place_of(text: str, part: str, start: int, end: int) -> int:
    """`text.rindex(part, start, end)`."""
    if start > len(text):
        raise ValueError("substring not found")
    return text.rindex(part, start, end)


def begins(text: str, part: str, start: int, end: int) -> bool:
    """`text.startswith(part, start, end)`."""
    return start <= len(text) and text.startswith(part, start, end)


def ends(text: str, part: str, start: int, end: int) -> bool:
    """`text.endswith(part, start, end)`."""
    return start <= len(text) and text.endswith(part, start, end)


def identifier(text: str) -> bool:
    """`text.isidentifier()`; torch takes none that begins with `_`, and says on the error output that it is old."""
    return len(text) > 0 and text.replace("_", "a").isalnum() and not text[0].isdigit()
