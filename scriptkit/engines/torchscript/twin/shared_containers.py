"""A list or dictionary with two owners: Python has one object there, compiled code would have two.

What matters is whether compiled code changes it: the one owner then sees the change, and the other does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import torch

    from scriptkit.engines.torchscript.programs.graph_facts import Kept
    from scriptkit.watching.slots import Container


def shared_now(containers: Iterable[Container], written: set[tuple[int, str]], modules: dict[int, str]) -> str | None:
    """Why no compiled code can represent a tree: two of its attributes hold one container that it writes into.

    `written` are the attributes that it may write, by C++ module and name; `modules` are the paths of those modules.
    """
    owners: dict[int, list[tuple[bool, str]]] = {}
    for one in containers:
        place = f"{modules[id(one.target)]}.{one.key}".strip(".")
        is_written = (id(one.target), one.key) in written
        for part in _parts_of(one.holder.get(one.key)):
            owners.setdefault(id(part), []).append((is_written, place))
    for found in owners.values():
        if len(found) > 1 and any(is_written for is_written, _ in found):
            first, second = found[0][1], found[1][1]
            where = f"`{first}` and `{second}` hold" if first != second else f"`{first}` holds twice"
            return f"{where} one and the same container, of which compiled code would make two"
    return None


def kept_twice(graphs: Iterable[Kept]) -> str | None:
    """Why no compiled code can represent a tree: it keeps a container in a second place, and changes it."""
    graphs = list(graphs)
    changed = {name for one in graphs for name in one.changed}
    for one in graphs:
        for name, other, is_argument in one.pairs:
            if name in changed or other in changed:
                what = f"its argument `{other}`" if is_argument else f"the container of `{other}`"
                return f"it keeps {what} as `{name}` too, changes it, and compiled code would have two of it"
    return None


def paths_of(root: torch.nn.Module, cpp: dict[int, Any]) -> dict[int, str]:
    """The path of each C++ module, by its identity."""
    named = {id(module): path for path, module in root.named_modules()}
    return {id(made): named.get(module_id, "") for module_id, made in cpp.items()}


def _parts_of(value: Any) -> Iterator[Any]:
    """A container and those in it, each as often as it is met."""
    if isinstance(value, list | dict):
        yield value
    if isinstance(value, list | tuple):
        for item in value:
            yield from _parts_of(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _parts_of(item)
