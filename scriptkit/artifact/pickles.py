"""The pickled objects of a TorchScript file, read without executing anything.

Only what torch's own pickler writes is read, with one meaning for each instruction. Nothing is memoized before it is
complete, so there are no cycles; how deep and how large the objects are, shared ones counted each time, is limited.
What was read is written anew (`scriptkit.artifact.pickle_writing`), and torch gets that: it cannot see other objects
than were checked.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any, NoReturn

from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_DEPTH = 250
"""torch frees nested objects by recursion; a model of 100 nested modules needs 200."""
MOST_OBJECTS = 10_000_000
_BEGINNING = b"\x80\x02"
_NAME = re.compile(rb"(\w+(?:\.\w+)*)\n(\w+)\n", re.ASCII)
_STORAGE_FIELDS = 5


class Node:
    """Something that holds other values; compared by identity, because identity is what the memo keeps."""

    __slots__ = ("depth", "is_known", "size")

    def __init__(self, children: list[Any]) -> None:
        self.is_known = False
        self.depth, self.size = 0, 0
        self.count(children)

    def count(self, children: list[Any]) -> None:
        """Take the values inside into account."""
        nodes = [child for child in children if isinstance(child, Node)]
        self.depth = 1 + max((node.depth for node in nodes), default=0)
        self.size = 1 + len(children) - len(nodes) + sum(node.size for node in nodes)


class Sequence(Node):
    """A tuple or a list."""

    __slots__ = ("is_list", "items")

    def __init__(self, items: list[Any], *, is_list: bool = False) -> None:
        super().__init__(items)
        self.items, self.is_list = items, is_list


class Mapping(Node):
    """A dictionary, as pairs in their order."""

    __slots__ = ("pairs",)

    def __init__(self) -> None:
        super().__init__([])
        self.pairs: list[tuple[Any, Any]] = []


class Reduced(Node):
    """A function of torch's, or an enumeration, applied to its arguments."""

    __slots__ = ("argument", "function")

    def __init__(self, function: str, argument: Any) -> None:
        super().__init__([argument])
        self.function, self.argument = function, argument


class Instance(Node):
    """An object of a class of the file, made from a state."""

    __slots__ = ("class_name", "is_made", "state")

    def __init__(self, class_name: str, state: Any = None, *, is_made: bool = False) -> None:
        super().__init__([state])
        self.class_name, self.state, self.is_made = class_name, state, is_made


class Storage(Node):
    """The elements of tensors: the entry they lie in, and how many of which type the file says there are."""

    __slots__ = ("count_of_elements", "device", "key", "kind")

    def __init__(self, kind: str, key: str, device: str, count: int) -> None:
        super().__init__([])
        self.kind, self.key, self.device, self.count_of_elements = kind, key, device, count


class Name(str):
    """The dotted name of a class or function."""

    __slots__ = ()


class _Mark:
    """What the beginning of a group of values puts on the stack."""


_MARK = _Mark()


def read_pickle(name: str, data: bytes) -> Any:
    """The object an entry holds; raises ArtifactError for anything torch would not have written."""
    return _Reader(name, data).run()


def walk(value: Any) -> Iterator[Any]:
    """Every value inside, shared ones once, a holder before what it holds, in the order of the file."""
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Node):
            if id(value) in seen:
                continue
            seen.add(id(value))
            waiting += reversed(children(value))
        yield value


def children(node: Node) -> list[Any]:
    """What a node holds, in the order of the file."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Mapping):
        return [part for pair in node.pairs for part in pair]
    if isinstance(node, Reduced):
        return [node.argument]
    return [node.state] if isinstance(node, Instance) and node.is_made else []


class _Reader:
    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data, self.place = name, data, len(_BEGINNING)
        self.stack: list[Any] = []
        self.memo: list[Any] = []

    def run(self) -> Any:
        if not self.data.startswith(_BEGINNING):
            self.refuse("it does not begin as one of torch's")
        try:
            while (code := self.data[self.place]) != ord("."):
                self.place += 1
                step = _STEPS.get(code)
                if step is None:
                    self.refuse(f"torch writes no instruction {code:#x}")
                step(self)
        except (IndexError, struct.error, UnicodeDecodeError):
            self.refuse("it is cut off, or an instruction lacks what it works on")
        if self.place + 1 != len(self.data) or len(self.stack) != 1 or self.stack[0] is _MARK:
            self.refuse("it holds more or less than one object")
        return self.stack[0]

    def refuse(self, why: str) -> NoReturn:
        message = f"the object tree `{self.name}` is damaged at byte {self.place}: {why}"
        raise ArtifactError(message)

    # -- reading ---------------------------------------------------------------

    def unpacked(self, form: str) -> Any:
        [value] = struct.unpack_from(form, self.data, self.place)
        self.place += struct.calcsize(form)
        return value

    def taken(self, count: int) -> bytes:
        if self.place + count > len(self.data):
            raise IndexError
        self.place += count
        return self.data[self.place - count : self.place]

    # -- the stack -------------------------------------------------------------

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            self.refuse("a group has no end")
        return value

    def group(self) -> list[Any]:
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                items = self.stack[place + 1 :]
                del self.stack[place:]
                return items
        raise IndexError

    def push(self, value: Any) -> None:
        if isinstance(value, Node) and (value.depth > MOST_DEPTH or value.size > MOST_OBJECTS):
            self.refuse(f"it nests more than {MOST_DEPTH} deep, or holds more than {MOST_OBJECTS} objects")
        self.stack.append(value)

    def target(self, kind: type[Any]) -> Any:
        """What is being filled: just made, and not yet known anywhere else."""
        value = self.pop()
        if type(value) is not kind or value.is_known or children(value):
            self.refuse("it changes an object that is complete")
        return value

    def name_of(self, value: Any) -> Name:
        if not isinstance(value, Name):
            self.refuse("what it makes an object of is no class")
        return value

    # -- instructions ------------------------------------------------------------

    def fill_list(self) -> None:
        items = self.group()
        into = self.target(Sequence)
        if not into.is_list:
            self.refuse("it changes a tuple")
        into.items = items
        into.count(items)
        self.push(into)

    def fill_mapping(self) -> None:
        items = self.group()
        into = self.target(Mapping)
        into.pairs = list(zip(items[::2], items[1::2], strict=False))
        keys = [(type(key), key) for key, _ in into.pairs]
        if len(items) % 2 or len(set(keys)) != len(keys):
            self.refuse("a key of a dictionary stands twice, or without a value")
        into.count(items)
        self.push(into)

    def make_instance(self) -> None:
        nothing = self.pop()
        if not isinstance(nothing, Sequence) or nothing.is_list or nothing.items:
            self.refuse("torch makes objects without arguments")
        self.push(Instance(self.name_of(self.pop())))

    def fill_instance(self) -> None:
        state = self.pop()
        into = self.target(Instance)
        into.state, into.is_made = state, True
        into.count([state])
        self.push(into)

    def reduce(self) -> None:
        argument = self.pop()
        self.push(Reduced(self.name_of(self.pop()), argument))

    def load_storage(self) -> None:
        given = self.pop()
        fields = given.items if isinstance(given, Sequence) and not given.is_list else []
        kinds = [type(field) for field in fields]
        if kinds != [str, Name, str, str, int] or fields[0] != "storage":
            self.refuse(f"a storage is described by {_STORAGE_FIELDS} fields")
        self.push(Storage(str(fields[1]), *fields[2:]))

    def load_name(self) -> None:
        found = _NAME.match(self.data, self.place)
        if found is None:
            self.refuse("the name of a class has characters that none has")
        self.place = found.end()
        self.push(Name(f"{found[1].decode()}.{found[2].decode()}"))

    def load_text(self) -> None:
        self.push(self.taken(self.unpacked("<I")).decode("utf-8", "surrogatepass"))

    def load_long(self) -> None:
        if self.unpacked("<B") != struct.calcsize("<q"):
            self.refuse("a number is longer than 64 bits")
        self.push(self.unpacked("<q"))

    def put(self, number: int) -> None:
        if number != len(self.memo):
            self.refuse("its memo is not numbered in order")
        value = self.pop()
        if isinstance(value, Node):
            value.is_known = True
        self.memo.append(value)
        self.push(value)


def _tuple_of(count: int) -> Callable[[_Reader], None]:
    def step(reader: _Reader) -> None:
        items = [reader.pop() for _ in range(count)]
        reader.push(Sequence(items[::-1]))

    return step


_STEPS: dict[int, Callable[[_Reader], None]] = {
    ord("N"): lambda reader: reader.push(None),
    0x88: lambda reader: reader.push(True),  # noqa: FBT003
    0x89: lambda reader: reader.push(False),  # noqa: FBT003
    ord("K"): lambda reader: reader.push(reader.unpacked("<B")),
    ord("M"): lambda reader: reader.push(reader.unpacked("<H")),
    ord("J"): lambda reader: reader.push(reader.unpacked("<i")),
    0x8A: _Reader.load_long,
    ord("G"): lambda reader: reader.push(reader.unpacked(">d")),
    ord("X"): _Reader.load_text,
    ord("c"): _Reader.load_name,
    ord("("): lambda reader: reader.push(_MARK),
    ord(")"): _tuple_of(0),
    0x85: _tuple_of(1),
    0x86: _tuple_of(2),
    0x87: _tuple_of(3),
    ord("t"): lambda reader: reader.push(Sequence(reader.group())),
    ord("]"): lambda reader: reader.push(Sequence([], is_list=True)),
    ord("e"): _Reader.fill_list,
    ord("}"): lambda reader: reader.push(Mapping()),
    ord("u"): _Reader.fill_mapping,
    ord("R"): _Reader.reduce,
    0x81: _Reader.make_instance,
    ord("b"): _Reader.fill_instance,
    ord("Q"): _Reader.load_storage,
    ord("q"): lambda reader: reader.put(reader.unpacked("<B")),
    ord("r"): lambda reader: reader.put(reader.unpacked("<I")),
    ord("h"): lambda reader: reader.push(reader.memo[reader.unpacked("<B")]),
    ord("j"): lambda reader: reader.push(reader.memo[reader.unpacked("<I")]),
}
