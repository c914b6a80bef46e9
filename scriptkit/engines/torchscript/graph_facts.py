"""What a compiled graph does that a twin cannot represent: changing the caller's containers, a default device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.engines.torchscript import adapter
from scriptkit.engines.torchscript.written import MUTATES_CONTAINERS

if TYPE_CHECKING:
    from collections.abc import Iterator


def argument_changed_in_place(graph: Any) -> str | None:
    """The name of a list or dictionary argument that an inlined graph may change; C++ works on a copy of it."""
    arguments = [value for value in graph.inputs() if adapter.holds_container(value.type())]
    if not arguments:
        return None
    aliases = graph.alias_db()
    changed = [node.inputsAt(0) for node in nodes_of(graph) if node.kind() in MUTATES_CONTAINERS]
    for argument in arguments:
        if any(adapter.holds_container(v.type()) and aliases.may_contain_alias(argument, v) for v in changed):
            return str(argument.debugName()).split(".")[0]
    return None


def makes_tensors_anywhere(graph: Any) -> bool:
    """Whether an inlined graph makes tensors without naming a device, so that a default device would decide."""
    return any(_has_open_device(node) for node in nodes_of(graph) if node.kind().startswith("aten::"))


def _has_open_device(node: Any) -> bool:
    names = adapter.argument_names(node)
    if "device" not in names or any(adapter.is_tensor(value.type()) for value in node.inputs()):
        return False
    return adapter.is_none(node.inputsAt(names.index("device")).type())


def nodes_of(block: Any) -> Iterator[Any]:
    """Every node of a graph, those in branches and loops included."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes_of(inner)
