"""Objects of a TorchScript file as the one pickle that depends on nothing but the objects.

torch numbers the memo by what else holds a reference to a tensor, so the same model gives different pickles; here only
what is used again is memoized, in the order of first use.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING, Any

from scriptkit.artifact.pickles import Instance, Mapping, Name, Node, Reduced, Sequence, Storage, children, walk
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

TYPE_TAG = "torch.jit._pickle.restore_type_tag"
_SHORT_TUPLES = {0: b")", 1: b"\x85", 2: b"\x86", 3: b"\x87"}
_INTEGERS = ((0, 1 << 8, b"K", "<B"), (0, 1 << 16, b"M", "<H"), (-(1 << 31), 1 << 31, b"J", "<i"))
_BYTE = 256


def rename_types(value: Any, rename: Callable[[str], str]) -> None:
    """Give the classes other names: those of objects and enumerations, and in the types of lists and dictionaries."""
    for node in list(walk(value)):
        if isinstance(node, Instance):
            node.class_name = rename(node.class_name)
        elif isinstance(node, Reduced):
            node.function = rename(node.function)
            if node.function == TYPE_TAG:
                items = node.argument.items
                node.argument = Sequence([items[0], rename(items[1])])


def written(value: Any) -> bytes:
    """The pickle of a value."""
    writer = _Writer()
    writer.look(value)
    writer.push(value)
    return b"\x80\x02" + b"".join(writer.pieces) + b"."


class _Writer:
    def __init__(self) -> None:
        self.uses: Counter[Hashable] = Counter()
        self.numbers: dict[Hashable, int] = {}
        self.pieces: list[bytes] = []

    def look(self, value: Any) -> None:
        """Count how often each thing that may be memoized is used."""
        waiting = [value]
        while waiting:
            value = waiting.pop()
            identity = _identity(value)
            if identity is not None:
                self.uses[identity] += 1
            if isinstance(value, Node) and self.uses[identity] == 1:
                waiting += _named(value)
                waiting += children(value)

    def push(self, value: Any) -> None:
        """Write the instructions that put a value on the stack."""
        identity = _identity(value)
        number = self.numbers.get(identity) if identity is not None else None
        if number is not None:
            self.pieces.append(_memo(b"h", b"j", number))
            return
        if isinstance(value, Node):
            self._push_node(value)
        else:
            self.pieces.append(_scalar(value))
        if identity is not None and self.uses[identity] > 1:
            self.numbers[identity] = len(self.numbers)
            self.pieces.append(_memo(b"q", b"r", self.numbers[identity]))

    def _push_node(self, node: Node) -> None:
        if isinstance(node, Sequence):
            self._push_sequence(node)
        elif isinstance(node, Mapping):
            self.pieces.append(b"}")
            self._push_group(children(node), b"u")
        elif isinstance(node, Storage):
            self._push_group([*_named(node), node.count_of_elements], b"tQ")
        else:
            [name], [inside] = _named(node), children(node)
            self.push(name)
            self.pieces.append(b")\x81" if isinstance(node, Instance) else b"")
            self.push(inside)
            self.pieces.append(b"b" if isinstance(node, Instance) else b"R")

    def _push_sequence(self, node: Sequence) -> None:
        if node.is_list:
            self.pieces.append(b"]")
            self._push_group(node.items, b"e")
        elif len(node.items) in _SHORT_TUPLES:
            for item in node.items:
                self.push(item)
            self.pieces.append(_SHORT_TUPLES[len(node.items)])
        else:
            self._push_group(node.items, b"t")

    def _push_group(self, items: list[Any], end: bytes) -> None:
        if items:
            self.pieces.append(b"(")
            for item in items:
                self.push(item)
            self.pieces.append(end)


def _named(node: Node) -> list[str]:
    """The texts a node is written with beside what it holds."""
    if isinstance(node, Reduced):
        return [Name(node.function)]
    if isinstance(node, Instance):
        return [Name(node.class_name)]
    return ["storage", Name(node.kind), node.key, node.device] if isinstance(node, Storage) else []


def _identity(value: Any) -> Hashable | None:
    """What a memo entry stands for: an object, or a text of a kind; nothing for numbers, which are not memoized."""
    if isinstance(value, Node):
        return id(value)
    return (type(value), str(value)) if isinstance(value, str) else None


def _scalar(value: object) -> bytes:
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, Name):
        module, _, name = value.rpartition(".")
        return f"c{module}\n{name}\n".encode()
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogatepass")
        return b"X" + struct.pack("<I", len(raw)) + raw
    message = f"internal error: no instruction for {type(value).__name__}"
    raise ArtifactError(message)


def _integer(value: int) -> bytes:
    for least, beyond, code, form in _INTEGERS:
        if least <= value < beyond:
            return code + struct.pack(form, value)
    return b"\x8a\x08" + struct.pack("<q", value)


def _memo(short: bytes, long: bytes, number: int) -> bytes:
    return short + bytes([number]) if number < _BYTE else long + struct.pack("<I", number)
