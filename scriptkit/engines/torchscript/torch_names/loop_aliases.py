"""What a loop carries from round to round may be what its body changes: torch's optimizer is told.

Its analysis of aliases follows a value into a loop and out of it, not from the end of a round to the next one (torch
2.6 to 2.15). So it takes a list that one round makes and the next one changes for a constant, which is shared by all
rounds and calls, and drops a write into what an earlier round handed on. Where a loop changes what it carries, both
ends of the carried value go through `{}.setdefault(0, value)`: what comes out of it may be anything for torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from scriptkit.engines.torchscript.torch_names.callees import CALLS, may_write
from scriptkit.engines.torchscript.torch_names.containers import is_mutable
from scriptkit.engines.torchscript.torch_names.copied_functions import nodes_of
from scriptkit.engines.torchscript.torch_names.table import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator

_parsed_schema = look_up("schema of a text")
_MAY_DO_ANYTHING = frozenset({"prim::CallFunction", "prim::CallMethod", "prim::PythonOp"})
_HOLDS_ITS_INPUTS = frozenset(
    "prim::ListConstruct prim::TupleConstruct prim::DictConstruct prim::TupleUnpack prim::TupleIndex prim::ListUnpack "
    "prim::unchecked_cast prim::unchecked_unwrap_optional prim::TupleSlice aten::list aten::dict aten::items "
    "aten::values".split()
)


def tell(functions: dict[str, Any]) -> None:
    """Rewrite the loops of compiled functions or methods; those they call among them come first."""
    done: set[str] = set()
    for name in functions:
        _tell_after_its_callees(name, functions, done)


def _tell_after_its_callees(name: str, functions: dict[str, Any], done: set[str]) -> None:
    if name in done:
        return
    done.add(name)
    function = functions[name]
    for call in function.graph.findAllNodes("prim::CallMethod", True):
        if call.s("name") in functions:
            _tell_after_its_callees(call.s("name"), functions, done)
    if any(_carried(loop) for loop in function.graph.findAllNodes("prim::Loop", True)):
        _rewrite(function)


def _rewrite(function: Any) -> None:
    concerned = _changed_while_carried(function.graph)
    for loop in function.graph.findAllNodes("prim::Loop", True):
        for index in _carried(loop):
            if (_place(loop), index) in concerned:
                _hide(function.graph, loop, index)


def _place(loop: Any) -> str:
    return str(loop.sourceRange())


def _carried(loop: Any) -> list[int]:
    """Which of the values a loop carries can be changed, and is not the same in each round."""
    [body] = loop.blocks()
    kept = [value.debugName() for value in list(body.inputs())[1:]]
    handed_on = list(body.outputs())[1:]
    return [i for i, v in enumerate(handed_on) if is_mutable(v.type()) and v.debugName() != kept[i]]


def _hide(graph: Any, loop: Any, index: int) -> None:
    [body] = loop.blocks()
    first, last = loop.inputsAt(index + 2), list(body.outputs())[index + 1]
    kind = loop.outputsAt(index).type()
    loop.replaceInput(index + 2, hidden(graph, loop, first, kind))
    end = body.returnNode()
    end.replaceInput(index + 1, hidden(graph, end, last, kind))


def hidden(graph: Any, before: Any, value: Any, kind: Any) -> Any:
    """A value once more before a node, out of a dictionary."""
    made, taken = put_and_taken(graph, before, value, kind)
    made.insertBefore(before)
    taken.insertBefore(before)
    return taken.output()


def put_and_taken(graph: Any, before: Any, value: Any, kind: Any) -> tuple[Any, Any]:
    """The nodes of `{}.setdefault(0, value)`, to be inserted: the optimizer sees through lists, and not through it."""
    graph.setInsertPoint(before)
    zero = graph.insertConstant(0)
    graph.setInsertPoint(graph.return_node())
    made = graph.create("prim::DictConstruct", [], 1)
    made.output().setType(torch.DictType(torch.IntType.get(), kind))
    taken = graph.create("aten::setdefault", [made.output(), zero, value], 1)
    taken.output().setType(kind)
    return made, taken


class _Write(NamedTuple):
    target: Any
    node: Any


def _changed_while_carried(graph: Any) -> set[tuple[str, int]]:
    """The loops, each with the index of a carried value, in which something may write into what is handed on."""
    aliases = Aliases()
    writes = [
        _Write(target, node)
        for node in nodes_of(graph)
        for target in aliases.follow(node)
        if node.kind() not in CALLS or may_write(node)
    ]
    found = set()
    for loop in graph.findAllNodes("prim::Loop", True):
        inside = {id_ for id_, _ in _numbered(loop)}
        for index in _carried(loop):
            handed_on = list(next(iter(loop.blocks())).outputs())[index + 1]
            for write in writes:
                if _key(write.node) in inside and aliases.may_be_changed(handed_on, write.target):
                    found.add((_place(loop), index))
    return found


def _numbered(loop: Any) -> Iterator[tuple[str, Any]]:
    for block in loop.blocks():
        for node in nodes_of(block):
            yield _key(node), node


def _key(node: Any) -> str:
    """A name for a node that writes: that of its first output, else that of what it writes and where it stands."""
    outputs = [value.debugName() for value in node.outputs()]
    return outputs[0] if outputs else f"{[v.debugName() for v in node.inputs()]} {node.kind()}"


class Aliases:
    """Values that may be the same object, or one in the other, whatever the order of things: sets that are joined."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def may_be_changed(self, value: Any, target: Any) -> bool:
        """Whether a write into `target` may be a write into `value`, or into something in it."""
        same = self._root(value.debugName()) == self._root(target.debugName())
        return same and str(target.type()) in str(value.type())

    def follow(self, node: Any) -> list[Any]:
        """Note what a node makes the same; returns what it writes into."""
        kind = node.kind()
        if kind == "prim::If":
            for block in node.blocks():
                self._join_all(zip(node.outputs(), block.outputs(), strict=True))
            return []
        if kind == "prim::Loop":
            [body] = node.blocks()
            started = list(node.inputs())[2:]
            for ends in (started, list(body.inputs())[1:], list(body.outputs())[1:]):
                self._join_all(zip(node.outputs(), ends, strict=True))
            return []
        if kind in ("prim::GetAttr", "prim::SetAttr"):
            return self._attribute(node, kind)
        if kind in _MAY_DO_ANYTHING or kind in _HOLDS_ITS_INPUTS:
            mutable = self._join_mutable([*node.inputs(), *node.outputs()])
            return [v for v in mutable if v in list(node.inputs())] if kind in _MAY_DO_ANYTHING else []
        return self._operator(node)

    def _attribute(self, node: Any, kind: str) -> list[Any]:
        value = node.output() if kind == "prim::GetAttr" else node.inputsAt(1)
        self._join(f"attribute {node.s('name')}", value.debugName())
        return [] if kind == "prim::GetAttr" else [node.inputsAt(0)]

    def _operator(self, node: Any) -> list[Any]:
        """By the marks of its schema: `(a)` is the same as another `(a)`, `(*)` may be any of the inputs."""
        text = node.schema()
        if text == "(no schema)":
            return []
        schema = _parsed_schema(text)
        inputs = list(zip(node.inputs(), schema.arguments, strict=False))
        marked = [value for value, argument in inputs if argument.alias_info is not None]
        given = [v for v, r in zip(node.outputs(), schema.returns, strict=False) if r.alias_info is not None]
        if any(value.type().kind() in ("ListType", "DictType") for value in node.outputs()):
            self._join_mutable([*node.inputs(), *node.outputs()])  # a copy of a container holds the same
        if given or any(a.alias_info is not None and "*" in a.alias_info.after_set for _, a in inputs):
            self._join_mutable([*marked, *given] if marked else [*node.inputs(), *given])
        return [v for v, a in inputs if a.alias_info is not None and a.alias_info.is_write]

    def _join_mutable(self, values: list[Any]) -> list[Any]:
        mutable = [value for value in values if is_mutable(value.type())]
        for value in mutable[1:]:
            self._join(mutable[0].debugName(), value.debugName())
        return mutable

    def _join_all(self, pairs: Any) -> None:
        for one, other in pairs:
            self._join(one.debugName(), other.debugName())

    def _join(self, one: str, other: str) -> None:
        self._parents[self._root(one)] = self._root(other)

    def _root(self, name: str) -> str:
        root = name
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while name != root:
            self._parents[name], name = root, self._parents.get(name, name)
        return root
