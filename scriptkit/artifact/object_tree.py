"""The object tree of a TorchScript file: which tensor lies in which entry, which object is of which class.

Nothing of the file is executed: the pickle is read as the program it is, and only tuples, lists, dictionaries and
records of objects are made. Python's own unpickler will not do: torch pickles enumerations in a way of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from scriptkit.artifact.manifest import Tensor
from scriptkit.artifact.pickles import operations
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.artifact.pickles import Operation

_PUTS = ("BINPUT", "LONG_BINPUT", "PUT")
_GETS = ("BINGET", "LONG_BINGET", "GET")
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_TUPLE": tuple, "EMPTY_LIST": list, "EMPTY_DICT": dict}
_SHORT_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK = object()


class _Name(str):
    """The dotted name of a class or function."""

    __slots__ = ()


class _Storage(NamedTuple):
    dtype: str
    key: str


class _Object:
    """A module or object of the file."""

    def __init__(self, class_name: str) -> None:
        self.class_name = class_name
        self.state: object = None


class ObjectTree(NamedTuple):
    """The tensors and the classes of the objects, by the dotted path to them."""

    tensors: dict[str, Tensor]
    classes: dict[str, str]


def read_object_tree(data: bytes) -> ObjectTree:
    """The object tree of a file, from its `data.pkl`."""
    try:
        found = list(_walk(_Machine().run(data), ""))
    except (AttributeError, TypeError, ValueError, IndexError, KeyError, RecursionError) as error:
        message = f"the object tree cannot be read: {error}"
        raise ArtifactError(message) from error
    return ObjectTree(
        {path: value for path, value in found if isinstance(value, Tensor)},
        {path: value for path, value in found if isinstance(value, str)},
    )


class _Machine:
    """The stack and the memo of a pickle that is being read."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> object:
        for operation in operations(data):
            self._step(operation)
        return self.stack.pop()

    def _step(self, op: Operation) -> None:
        stack = self.stack
        if op.name in _PUTS:
            self.memo[op.argument] = stack[-1]
        elif op.name in _GETS:
            stack.append(self.memo[op.argument])
        elif op.name in _CONSTANTS:
            stack.append(_CONSTANTS[op.name])
        elif op.name in _EMPTY:
            stack.append(_EMPTY[op.name]())
        elif op.name in _SHORT_TUPLES:
            stack.append(tuple(self._popped(_SHORT_TUPLES[op.name])))
        elif op.name == "MARK":
            stack.append(_MARK)
        elif op.name == "GLOBAL":
            stack.append(_Name(op.argument.replace(" ", ".")))
        elif op.argument is not None and op.name != "PROTO":
            stack.append(op.argument)
        else:
            self._build(op.name)

    def _build(self, name: str) -> None:
        """The instructions that make something of what lies on the stack."""
        stack = self.stack
        if name == "TUPLE":
            stack.append(tuple(self._marked()))
        elif name == "APPENDS":
            items = self._marked()
            stack[-1].extend(items)
        elif name == "SETITEMS":
            items = self._marked()
            stack[-1].update(zip(items[::2], items[1::2], strict=True))
        elif name == "BINPERSID":
            _, kind, key, *_ = stack.pop()
            stack.append(_Storage(_dtype(kind), key))
        elif name == "NEWOBJ":
            class_name, _ = self._popped(2)
            stack.append(_Object(class_name))
        elif name == "BUILD":
            target, state = self._popped(2)
            target.state = state
            stack.append(target)
        elif name == "REDUCE":
            stack.append(_reduced(*self._popped(2)))

    def _popped(self, count: int) -> list[Any]:
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def _marked(self) -> list[Any]:
        place = len(self.stack) - 1 - self.stack[::-1].index(_MARK)
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items


def _reduced(function: str, arguments: Any) -> object:
    if function == "torch._utils._rebuild_tensor_v2":
        storage, _, size, *_ = arguments
        return Tensor(entry=f"data/{storage.key}", dtype=storage.dtype, shape=list(size))
    if function.startswith("torch.jit._pickle."):
        return arguments[0]
    return None


def _dtype(storage: str) -> str:
    """The name of the dtype of a storage class, `torch.FloatStorage` for one."""
    short = storage.rpartition(".")[2].removesuffix("Storage").lower().replace("complex", "c")
    return str(getattr(torch, short, short)).removeprefix("torch.")


def _walk(value: object, path: str) -> Iterator[tuple[str, Tensor | str]]:
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, _Object):
        yield path, value.class_name
        yield from _walk(value.state, path)
    elif isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _walk(item, f"{path}.{key}".lstrip("."))
