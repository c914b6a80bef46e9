"""What a list, tuple or dictionary holds, and is written in place where it is taken out again: `held[0].add_(1)`.

The optimizer sees through `held[0]` to the tensor that was put in. It drops nodes from the end to the beginning, and a
container does not stand for what it holds (torch 2.6 to 2.15): where only the container is read afterwards, the write
goes. So what is put into such a container goes through `{}.setdefault(0, value)`, out of which anything may come for
the optimizer, and it keeps writes into that. Writes by name are met before there is a graph: `lifting.held_names`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.engines.torchscript.torch_names.callees import CALLS, is_write, may_hold, may_write
from scriptkit.engines.torchscript.torch_names.containers import (
    CONSTRUCTS,
    PUTS,
    TAKES,
    holds_mutable,
    is_mutable,
    put_into,
)
from scriptkit.engines.torchscript.torch_names.copied_functions import kinds_in, nodes_of
from scriptkit.engines.torchscript.torch_names.loop_aliases import Aliases, put_and_taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DEEPEST = 24


class _Place(NamedTuple):
    """An input of a node: the line, the operation, and the number of the input."""

    where: str
    kind: str
    number: int


class _Write(NamedTuple):
    """A node that may write into a value, and how many nodes stand before it."""

    at: int
    node: Any
    target: Any

    def place(self) -> _Place:
        number = [value.debugName() for value in self.node.inputs()].index(self.target.debugName())
        return _Place(str(self.node.sourceRange()), self.node.kind(), number)


def put_right(functions: Iterable[Any]) -> None:
    """Rewrite the graphs of compiled functions or methods."""
    for function in functions:
        kinds = kinds_in(function.graph)
        if not kinds.isdisjoint(CONSTRUCTS | PUTS | CALLS) and _may_concern(function.graph, kinds):
            concerned = _concerned(function.graph)
            if concerned:
                _hide(function.graph, concerned)


def _may_concern(graph: Any, kinds: set[str]) -> bool:
    """Whether something writes, as far as this graph alone tells, into what was or is in a container."""
    writing = sorted(kind for kind in kinds if is_write(kind))
    writes = [node for kind in writing for node in graph.findAllNodes(kind, True) if node.inputsSize()]
    if any(_is_held(node.inputsAt(0), _DEEPEST) for node in writes):
        return True
    calls = [call for kind in sorted(CALLS & kinds) for call in graph.findAllNodes(kind, True)]
    if any(any(_is_held(value, _DEEPEST) for value in _given_to(call)) and may_write(call) for call in calls):
        return True
    return any(map(_holds, calls)) and (bool(writes) or any(may_write(call) for call in calls if list(_given_to(call))))


def _given_to(call: Any) -> Iterator[Any]:
    return (value for value in list(call.inputs())[1:] if is_mutable(value.type()))


def _holds(call: Any) -> bool:
    """Whether a call may put something into a container that the graph sees."""
    sees = [*_given_to(call), *call.outputs()]
    return any(holds_mutable(value.type()) for value in sees) and may_hold(call)


def _is_held(value: Any, steps: int) -> bool:
    """Whether a value came out of a container that the graph made, or is put into one."""
    if any(use.user.kind() in CONSTRUCTS or _is_put(use) for use in value.uses()):
        return True
    node = value.node()
    if steps == 0 or not node.inputsSize():
        return False
    if node.kind() in TAKES:
        return not _is_of_attributes(node.inputsAt(0), steps - 1)
    if node.kind() in ("prim::If", "prim::Loop"):
        number = [out.debugName() for out in node.outputs()].index(value.debugName()) + (node.kind() == "prim::Loop")
        return any(_is_held(list(block.outputs())[number], steps - 1) for block in node.blocks())
    return "(a" in node.schema() and _is_held(node.inputsAt(0), steps - 1)


def _is_put(use: Any) -> bool:
    return use.user.kind() in PUTS and use.offset > 0


def _is_of_attributes(container: Any, steps: int) -> bool:
    """Whether a container is one of the module, or of the caller: for the optimizer, anything may be in it."""
    node = container.node()
    if node.kind() in TAKES and steps and node.inputsSize():
        return _is_of_attributes(node.inputsAt(0), steps - 1)
    return node.kind() in ("prim::GetAttr", "prim::Param") and node.owningBlock().owningNode() is None


def _concerned(graph: Any) -> set[_Place]:
    """What is put into a container and written later; where a call puts it there, also what is written."""
    aliases, nodes = Aliases(), list(nodes_of(graph))
    writes = [
        _Write(at, node, target)
        for at, node in enumerate(nodes)
        for target in aliases.follow(node)
        if node.kind() not in CALLS or may_write(node, target)
    ]
    spans = [range(n, n + 1 + sum(1 for b in node.blocks() for _ in nodes_of(b))) for n, node in enumerate(nodes)
             if node.kind() == "prim::Loop"]  # fmt: skip
    found = set()
    for number, node in enumerate(nodes):
        again = [span for span in spans if number in span]
        is_call = node.kind() in CALLS
        later = [w for w in writes if w.at >= number + (not is_call) or any(w.at in span for span in again)]
        for index, value in _held_by(node):
            written = [write for write in later if aliases.may_be_changed(value, write.target)]
            if written and index is not None:
                found.add(_Place(str(node.sourceRange()), node.kind(), index))
            found.update(write.place() for write in written if is_call)
    return found


def _held_by(node: Any) -> Iterator[tuple[int | None, Any]]:
    """What containers hold after a node: what is put into them, with the number of the input, or what a call gives."""
    yield from put_into(node)
    if node.kind() in CALLS and _holds(node):
        for index, value in enumerate(node.inputs()):
            if index > 0 and is_mutable(value.type()) and may_hold(node, value):
                yield index, value
        for value in node.outputs():
            if holds_mutable(value.type()) or may_hold(node, value):
                yield None, value


def _hide(graph: Any, concerned: set[_Place]) -> None:
    for kind in sorted({place.kind for place in concerned}):
        for node in graph.findAllNodes(kind, True):
            where = str(node.sourceRange())
            for index, value in [(i, one) for i, one in enumerate(node.inputs()) if is_mutable(one.type())]:
                is_taken = value.node().kind() == "aten::setdefault"  # for another container that holds it
                if _Place(where, kind, index) in concerned and not (is_taken or _is_argument(value)):
                    taken = _taken(graph, value)
                    value.replaceAllUsesAfterNodeWith(taken, taken.output())


def _is_argument(value: Any) -> bool:
    """Whether it is given to the whole graph: for the optimizer, that may be anything."""
    return bool(value.node().kind() == "prim::Param" and value.node().owningBlock().owningNode() is None)


def _taken(graph: Any, value: Any) -> Any:
    """The value once more, for all that uses it: out of a dictionary, right behind what makes it."""
    maker = value.node()
    first = maker if maker.kind() != "prim::Param" else next(iter(maker.owningBlock().nodes()))
    made, taken = put_and_taken(graph, first, value, value.type())
    made.insertBefore(first)
    if first == maker:
        taken.insertAfter(maker)
    else:
        taken.insertBefore(first)
    return taken
