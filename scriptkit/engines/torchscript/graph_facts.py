"""What a compiled graph does that a twin cannot represent: changing the caller's containers, a default device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript import adapter
from scriptkit.engines.torchscript.written import MUTATES_CONTAINERS

if TYPE_CHECKING:
    from collections.abc import Iterator


def argument_changed_in_place(graph: Any) -> str | None:
    """The name of a list or dictionary argument that an inlined graph may change; C++ works on a copy of it."""
    arguments = {v.debugName() for v in graph.inputs() if adapter.holds_container(v.type())}
    if not arguments:
        return None
    for node in nodes_of(graph):
        if node.kind() in MUTATES_CONTAINERS and adapter.holds_container(node.inputsAt(0).type()):
            changed = arguments & _origins(node.inputsAt(0), set())
            if changed:
                return str(min(changed)).split(".")[0]
    return None


def _origins(value: Any, seen: set[str]) -> set[str]:
    """The values that a container may be, or be a part of: what it was taken from, through branches and loops."""
    name = value.debugName()
    if name in seen:
        return set()
    seen.add(name)
    found = {name}
    for source in _sources(value):
        found |= _origins(source, seen)
    return found


def _sources(value: Any) -> list[Any]:
    node = value.node()
    kind = node.kind()
    if kind == "prim::Param":
        return _sources_of_parameter(value, node)
    if kind == "prim::If":
        index = _index(node.outputs(), value)
        return [list(block.outputs())[index] for block in node.blocks()]
    if kind == "prim::Loop":
        return _carried(node, _index(node.outputs(), value))
    return [node.inputsAt(0)] if kind in _TAKES_FROM else []


def _sources_of_parameter(value: Any, node: Any) -> list[Any]:
    """A parameter of a loop's body: what the loop starts with, and what each round hands on."""
    block = node.owningBlock()
    owner = block.owningNode()
    if owner is None or owner.kind() != "prim::Loop":
        return []
    index = _index(block.inputs(), value)
    return [] if index == 0 else _carried(owner, index - 1)


def _carried(loop: Any, index: int) -> list[Any]:
    body = next(iter(loop.blocks()))
    return [list(loop.inputs())[index + 2], list(body.outputs())[index + 1]]


def _index(values: Any, wanted: Any) -> int:
    return next(i for i, v in enumerate(values) if v.debugName() == wanted.debugName())


_TAKES_FROM: Final = frozenset(
    "aten::__getitem__ aten::get prim::TupleUnpack prim::TupleIndex prim::ListUnpack prim::unchecked_cast "
    "prim::unchecked_unwrap_optional aten::values aten::setdefault aten::pop aten::popitem".split()
)


def enters_autocast(graph: Any) -> bool:
    """Whether a graph switches autocast on; compiled code then follows other dtype rules than Python."""
    enters = (node for node in nodes_of(graph) if node.kind() == "prim::Enter")
    return any("autocast" in str(value.type()) for node in enters for value in node.inputs())


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
