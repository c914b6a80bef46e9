"""The object tree of a TorchScript file: which tensor lies in which entry, which object is of which class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from scriptkit.artifact.manifest import Tensor
from scriptkit.artifact.pickles import Instance, Mapping, Reduced, Sequence, walk
from scriptkit.artifact.tensor_checks import DENSE

if TYPE_CHECKING:
    from collections.abc import Iterator


class ObjectTree(NamedTuple):
    """The tensors and the classes of the objects, by the dotted path to them."""

    tensors: dict[str, Tensor]
    classes: dict[str, str]


def object_tree(tree: Any) -> ObjectTree:
    """What lies where in the objects of a `data.pkl`, whose tensors have been checked."""
    found = list(_places(tree, ""))
    return ObjectTree(
        {path: value for path, value in found if isinstance(value, Tensor)},
        {path: value for path, value in found if isinstance(value, str)},
    )


def class_names(tree: Any) -> list[str]:
    """The names of classes and functions the objects are made with, each once, in the order of first use."""
    names = []
    for node in walk(tree):
        if isinstance(node, Reduced):
            names.append(node.function)
        elif isinstance(node, Instance):
            names.append(node.class_name)
    return list(dict.fromkeys(names))


def _places(value: Any, path: str) -> Iterator[tuple[str, Tensor | str]]:
    if isinstance(value, Reduced):
        if value.function == DENSE:
            yield path, _tensor(value)
        elif value.function.startswith("torch.jit._pickle."):
            yield from _places(value.argument.items[0], path)
    elif isinstance(value, Instance):
        yield path, value.class_name
        yield from _places(value.state, path)
    elif isinstance(value, (Mapping, Sequence)):
        items = value.pairs if isinstance(value, Mapping) else enumerate(value.items)
        for key, item in items:
            yield from _places(item, f"{path}.{key}".lstrip("."))


def _tensor(value: Reduced) -> Tensor:
    storage, _, size, *_ = value.argument.items
    return Tensor(entry=f"data/{storage.key}", dtype=_dtype(storage.kind), shape=list(size.items))


def _dtype(storage: str) -> str:
    """The name of the dtype of a storage class, `torch.FloatStorage` for one."""
    short = storage.rpartition(".")[2].removesuffix("Storage").lower().replace("complex", "c")
    return str(getattr(torch, short, short)).removeprefix("torch.")
