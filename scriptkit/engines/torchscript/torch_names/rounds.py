"""How many rounds a loop over a list runs: Python asks for the length before each, the compiler once, before the first.

Where the body may make the list longer or shorter, also by what it calls (`for n in self.seen: x = self.child(x)`), the
length is asked for again at the end of each round. With several lists at once (`zip`), so are all lengths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.torch_names.callees import CALLS, leads_to
from scriptkit.engines.torchscript.torch_names.copied_functions import nodes_of
from scriptkit.engines.torchscript.torch_names.loop_aliases import Aliases

if TYPE_CHECKING:
    from collections.abc import Iterator

CONCERNS: Final = frozenset({"aten::len"})
_CHANGES_LENGTHS = frozenset(
    f"aten::{name}" for name in ("append", "insert", "extend", "pop", "clear", "remove", "Delete", "add_")
)
_LARGEST: Final = 2**63 - 1


def put_right(graph: Any) -> None:
    """Rewrite the loops of a graph."""
    loops = [loop for loop in graph.findAllNodes("prim::Loop", True) if _changes(loop)]
    if not loops:
        return
    aliases = Aliases()
    for node in nodes_of(graph):
        aliases.follow(node)
    for loop in loops:
        count = _count_of(loop)
        if count is not None and any(_may_change(loop, walked, aliases) for walked in _walked(count)):
            _ask_again(graph, loop, count)


def _changes(loop: Any) -> list[Any]:
    """The nodes in a loop that may change the length of a list."""
    inside = (node for block in loop.blocks() for node in nodes_of(block))
    return [node for node in inside if _changes_a_length(node)]


def _changes_a_length(node: Any) -> bool:
    if node.kind() in CALLS:
        return leads_to(node, _CHANGES_LENGTHS)
    return node.kind() in _CHANGES_LENGTHS and node.inputsAt(0).type().kind() == "ListType"


def _may_change(loop: Any, walked: Any, aliases: Aliases) -> bool:
    """Whether it may be this list; what is called may reach any list."""
    return any(node.kind() in CALLS or aliases.may_be_changed(walked, node.inputsAt(0)) for node in _changes(loop))


def _count_of(loop: Any) -> Any:
    """The node that counts the items of what a loop walks; None where it walks no list.

    It stands at the place of the whole loop, as the loop itself: `range(len(items))` asks once in Python, too.
    """
    where = str(loop.sourceRange())
    if loop.inputsAt(0).node().kind() != "prim::Constant":
        counts = [loop.inputsAt(0).node()]
    else:  # it has a `break`: the length is compared in the body
        [body] = loop.blocks()
        counts = [node.inputsAt(1).node() for node in body.nodes() if node.kind() == "aten::lt"]
    return next((count for count in counts if str(count.sourceRange()) == where and list(_walked(count))), None)


def _walked(count: Any) -> Iterator[Any]:
    """The lists whose items are counted."""
    for length in _lengths(count):
        if length.kind() == "aten::len" and length.inputsAt(0).type().kind() == "ListType":
            yield length.inputsAt(0)


def _lengths(count: Any) -> list[Any]:
    if count.kind() == "prim::min" and count.inputsSize() == 1:
        return [value.node() for value in count.inputsAt(0).node().inputs()]
    return [count]


def _ask_again(graph: Any, loop: Any, count: Any) -> None:
    [body] = loop.blocks()
    if loop.inputsAt(0).node().kind() == "prim::Constant":
        for node in [n for n in body.nodes() if n.kind() == "aten::lt" and n.inputsAt(1).node() == count]:
            node.replaceInput(1, _asked(graph, node, count))
        return
    [zero, one, largest] = _constants(graph, loop)
    started = _inserted(graph, loop, "aten::gt", [count.output(), zero], loop.inputsAt(1).type())
    loop.replaceInput(0, largest)
    loop.replaceInput(1, _inserted(graph, loop, "aten::__and__", [started, loop.inputsAt(1)], started.type()))
    round_ = _carried(loop, body, zero)
    end = body.returnNode()
    goes_on = end.inputsAt(0)
    following = _inserted(graph, end, "aten::add", [round_, one], round_.type())
    is_there = _inserted(graph, end, "aten::lt", [following, _asked(graph, end, count)], goes_on.type())
    end.replaceInput(0, _inserted(graph, end, "aten::__and__", [is_there, goes_on], goes_on.type()))
    body.registerOutput(following)


def _carried(loop: Any, body: Any, zero: Any) -> Any:
    """The number of the round, as a carried value: torch prints no loop that has a condition and its own number."""
    loop.addInput(zero)
    loop.addOutput().setType(zero.type())
    carried = body.addInputToBlock()
    carried.setType(zero.type())
    next(iter(body.inputs())).replaceAllUsesWith(carried)
    return carried


def _constants(graph: Any, before: Any) -> list[Any]:
    graph.setInsertPoint(before)
    made = [graph.insertConstant(number) for number in (0, 1, _LARGEST)]
    graph.setInsertPoint(graph.return_node())
    return made


def _asked(graph: Any, before: Any, count: Any) -> Any:
    """The count once more, before a node."""
    number = count.output().type()
    lengths = [
        _inserted(graph, before, "aten::len", list(length.inputs()), number)
        if length.kind() == "aten::len"
        else length.output()
        for length in _lengths(count)
    ]
    if count.kind() != "prim::min":
        return lengths[0]
    listed = _inserted(graph, before, "prim::ListConstruct", lengths, count.inputsAt(0).type())
    return _inserted(graph, before, "prim::min", [listed], number)


def _inserted(graph: Any, before: Any, kind: str, inputs: list[Any], torch_type: Any) -> Any:
    made = graph.create(kind, inputs, 1)
    made.output().setType(torch_type)
    made.copyMetadata(before)
    made.insertBefore(before)
    return made.output()
