"""What a compiled graph does that a twin cannot represent: changing the caller's containers, a default device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.engines.torchscript.programs.container_origins import ContainerOrigins
from scriptkit.engines.torchscript.programs.written import MUTATES_CONTAINERS
from scriptkit.engines.torchscript.torch_names import private

if TYPE_CHECKING:
    from collections.abc import Iterator


def argument_changed_in_place(graph: Any) -> str | None:
    """The name of a list or dictionary argument that an inlined graph may change; C++ works on a copy of it."""
    arguments = {v.debugName() for v in graph.inputs() if private.holds_container(v.type())}
    if not arguments:
        return None
    nodes = list(nodes_of(graph))
    origins = ContainerOrigins(nodes)
    for node in nodes:
        if node.kind() in MUTATES_CONTAINERS and private.holds_container(node.inputsAt(0).type()):
            changed = arguments & origins.of(node.inputsAt(0))
            if changed:
                return str(min(changed)).split(".")[0]
    return None


class Kept(NamedTuple):
    """Which attributes' containers a graph may change, and which containers it keeps as an attribute too."""

    changed: frozenset[str] = frozenset()
    pairs: tuple[tuple[str, str, bool], ...] = ()
    """The attribute; the other attribute, or the argument; whether that is an argument."""


def containers_kept(graph: Any) -> Kept:
    """What an inlined graph does with containers of attributes."""
    nodes = list(nodes_of(graph))
    kept = [n for n in nodes if n.kind() == "prim::SetAttr" and private.holds_container(n.inputsAt(1).type())]
    changing = [n for n in nodes if n.kind() in MUTATES_CONTAINERS and private.holds_container(n.inputsAt(0).type())]
    if not kept and not changing:
        return Kept()
    origins = ContainerOrigins(nodes)
    read = {n.output().debugName(): n.s("name") for n in nodes if n.kind() == "prim::GetAttr"}
    arguments = {v.debugName() for v in list(graph.inputs())[1:]}
    changed = {read[value] for node in changing for value in origins.of(node.inputsAt(0)) if value in read}
    pairs = []
    for node in kept:
        name = node.s("name")
        for value in sorted(origins.of(node.inputsAt(1))):
            if value in arguments:
                pairs.append((name, value.split(".")[0], True))
            elif read.get(value, name) != name:
                pairs.append((name, read[value], False))
    return Kept(frozenset(changed), tuple(pairs))


def enters_autocast(graph: Any) -> bool:
    """Whether a graph switches autocast on; compiled code then follows other dtype rules than Python."""
    enters = (node for node in nodes_of(graph) if node.kind() == "prim::Enter")
    return any("autocast" in str(value.type()) for node in enters for value in node.inputs())


def makes_tensors_anywhere(graph: Any) -> bool:
    """Whether an inlined graph makes tensors without naming a device, so that a default device would decide."""
    return any(_has_open_device(node) for node in nodes_of(graph) if node.kind().startswith("aten::"))


def _has_open_device(node: Any) -> bool:
    names = private.argument_names(node)
    if "device" not in names or any(private.is_tensor(value.type()) for value in node.inputs()):
        return False
    return private.is_none(node.inputsAt(names.index("device")).type())


def nodes_of(block: Any) -> Iterator[Any]:
    """Every node of a graph, those in branches and loops included."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes_of(inner)
