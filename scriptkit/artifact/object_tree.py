"""The object tree of a TorchScript file: which tensor lies in which entry, which object is of which class.

Nothing of the file is executed.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from scriptkit.artifact.manifest import Tensor
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Storage(NamedTuple):
    dtype: str
    key: str


class _Object:
    """A module or object of the file."""

    def __setstate__(self, state: object) -> None:
        self.state = state


def _rebuilt_tensor(storage: _Storage, _offset: int, size: tuple[int, ...], *_rest: object) -> Tensor:
    return Tensor(entry=f"data/{storage.key}", dtype=storage.dtype, shape=list(size))


def _first(*arguments: Any) -> Any:
    return arguments[0]


def _unknown(*_arguments: object) -> None:
    """Stands for whatever has no tensor that is stored in an entry of its own."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        if module.startswith("__torch__"):
            return type(name, (_Object,), {"__module__": module})
        if module == "torch.jit._pickle":
            return _first
        if name == "_rebuild_tensor_v2":
            return _rebuilt_tensor
        return _StorageType(name) if name.endswith("Storage") else _unknown

    def persistent_load(self, pid: tuple[str, _StorageType, str, str, int]) -> _Storage:
        return _Storage(pid[1].dtype, pid[2])


class _StorageType:
    def __init__(self, name: str) -> None:
        short = name.removesuffix("Storage").lower().replace("complex", "c")
        self.dtype = str(getattr(torch, short, short)).removeprefix("torch.")

    def __call__(self) -> None:
        """Never called: a storage type is only named."""


class ObjectTree(NamedTuple):
    """The tensors and the classes of the objects, by the dotted path to them."""

    tensors: dict[str, Tensor]
    classes: dict[str, str]


def read_object_tree(data: bytes) -> ObjectTree:
    """The object tree of a file, from its `data.pkl`."""
    try:
        found = list(_walk(_Reader(io.BytesIO(data)).load(), ""))
    except (pickle.UnpicklingError, AttributeError, TypeError, ValueError, IndexError, EOFError) as error:
        message = f"the object tree cannot be read: {error}"
        raise ArtifactError(message) from error
    return ObjectTree(
        {path: value for path, value in found if isinstance(value, Tensor)},
        {path: value for path, value in found if isinstance(value, str)},
    )


def _walk(value: object, path: str) -> Iterator[tuple[str, Tensor | str]]:
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, _Object):
        yield path, f"{type(value).__module__}.{type(value).__name__}"
        yield from _walk(getattr(value, "state", None), path)
    elif isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _walk(item, f"{path}.{key}".lstrip("."))
