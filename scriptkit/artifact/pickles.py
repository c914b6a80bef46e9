"""The pickled object tree of a TorchScript file, read and rewritten without executing it.

torch numbers the memo by what else holds a reference to a tensor, so the same model gives different pickles;
`canonical_pickle` keeps only the memo entries that are read, numbered anew.
"""

from __future__ import annotations

import pickletools
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PUTS = ("BINPUT", "LONG_BINPUT", "PUT")
_GETS = ("BINGET", "LONG_BINGET", "GET")
_STRINGS = ("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
_BYTE = 256


class Operation(NamedTuple):
    """One instruction of a pickle, with its raw bytes."""

    name: str
    argument: Any
    raw: bytes


def operations(data: bytes) -> Iterator[Operation]:
    """The instructions of a pickle, in order."""
    try:
        decoded = [(opcode.name, argument, position or 0) for opcode, argument, position in pickletools.genops(data)]
    except (ValueError, IndexError, UnicodeDecodeError, OverflowError) as error:
        message = f"the object tree is no pickle: {error}"
        raise ArtifactError(message) from error
    ends = [position for _, _, position in decoded[1:]] + [len(data)]
    for (name, argument, position), end in zip(decoded, ends, strict=True):
        yield Operation(name, argument, data[position:end])


def named_globals(data: bytes) -> list[str]:
    """The dotted names of the classes and functions a pickle asks for, each once, in the order of first use."""
    found = (op.argument.replace(" ", ".") for op in operations(data) if op.name == "GLOBAL")
    return list(dict.fromkeys(found))


def canonical_pickle(data: bytes, rename: Callable[[str], str]) -> bytes:
    """The same objects with type names passed through `rename` and a memo that depends on nothing but the objects."""
    program = list(operations(data))
    read = {op.argument for op in program if op.name in _GETS}
    numbers: dict[int, int] = {}
    return b"".join(_rewritten(op, read, numbers, rename) for op in program)


def _rewritten(op: Operation, read: set[int], numbers: dict[int, int], rename: Callable[[str], str]) -> bytes:
    if op.name in _PUTS:
        if op.argument not in read:
            return b""
        numbers[op.argument] = len(numbers)
        return _memo(b"q", b"r", numbers[op.argument])
    if op.name in _GETS:
        return _memo(b"h", b"j", numbers[op.argument])
    if op.name == "GLOBAL":
        module, _, name = rename(op.argument.replace(" ", ".")).rpartition(".")
        return f"c{module}\n{name}\n".encode()
    if op.name in _STRINGS and "__torch__" in op.argument:
        return string(rename(op.argument))
    return op.raw


def _memo(short: bytes, long: bytes, number: int) -> bytes:
    return short + bytes([number]) if number < _BYTE else long + struct.pack("<I", number)


def string(value: str) -> bytes:
    """The instruction that pushes a string."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def plain_pickle(value: object) -> bytes:
    """A pickle of tuples, lists of integers, strings and integers that depends on nothing but the values."""
    return b"\x80\x02" + _pushed(value) + b"."


def _pushed(value: object) -> bytes:
    if isinstance(value, str):
        return string(value)
    if isinstance(value, int):
        return b"\x8a\x08" + struct.pack("<q", value)
    if isinstance(value, tuple):
        return b"(" + b"".join(map(_pushed, value)) + b"t"
    if isinstance(value, list):
        return b"ctorch.jit._pickle\nbuild_intlist\n](" + b"".join(map(_pushed, value)) + b"e\x85R"
    message = f"internal error: no instruction for {type(value).__name__}"
    raise ArtifactError(message)
