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
