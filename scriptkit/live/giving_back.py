"""How each kind of thing gets its content back in place: containers, names, closures, attributes, tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    import types

_NOTHING: Final = object()


def refill(container: Any, content: Any) -> None:
    """Give a container its content back, where it has another one now."""
    items = [*container.items()] if isinstance(container, dict) else [*container]
    before = [*content.items()] if isinstance(content, dict) else [*content]
    if len(items) == len(before) and all(_are_same(one, other) for one, other in zip(items, before, strict=True)):
        return
    container.clear()
    container.extend(content) if isinstance(container, list) else container.update(content)


def _are_same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(mine is its for mine, its in zip(one, other, strict=True))
    return one is other


def set_item(namespace: dict[str, Any], name: str, value: Any) -> None:
    """Bind a name again, where it is bound to something else now."""
    if namespace.get(name, _NOTHING) is not value:
        namespace[name] = value


def set_cell(cell: types.CellType, value: Any) -> None:
    """Give a variable of a closure its value back."""
    cell.cell_contents = value


def set_attribute(cls: type, name: str, value: Any) -> None:
    """Set an attribute of a class again, where it is something else now."""
    if vars(cls).get(name, _NOTHING) is not value:
        setattr(cls, name, value)


def set_attributes(module: torch.nn.Module, held: dict[str, Any]) -> None:
    """Bind the attributes of a module again; those it has got since are gone, names of scriptkit's own excepted."""
    namespace = vars(module)
    for name in [name for name in namespace if name not in held and not name.startswith("__")]:
        del namespace[name]
    for name, value in held.items():
        set_item(namespace, name, value)


def rewrite(tensor: torch.Tensor, version: int, content: torch.Tensor) -> None:
    """Give a tensor its content back, where it was written in place."""
    if tensor.device.type == "meta" or (tensor._version == version and torch.equal(tensor, content)):
        return
    with torch.no_grad():
        if tensor.shape == content.shape:
            tensor.copy_(content)
        else:
            own = content.clone()  # memory that was resized while it was shared asserts at its next write
            tensor.set_(own.untyped_storage(), own.storage_offset(), own.size(), own.stride())
