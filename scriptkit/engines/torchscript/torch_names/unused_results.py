"""Calls whose result nobody uses: torch drops them, with what they do besides. Here they are kept.

`self.norm(x)` as a statement moves the running statistics, `self.dropout(x)` the generator. The operators behind both
say of themselves that they write nothing, so the executor drops them, in the third call or the first (torch 2.6 to
2.15). What was compiled is put right: a check that never fails reads the result, so that it is used. Where the result
is used anyway nothing is added, and the code stays as torch makes it.

Not kept is what torch drops before there is a graph, an operator called directly (`torch.rand(3)` as a statement), and
a call whose only tensors are in a list or a dictionary; `verify` finds both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit.engines.torchscript.torch_names.copied_functions import kinds_in

if TYPE_CHECKING:
    from collections.abc import Iterable

_CALLS: Final = frozenset({"prim::CallFunction", "prim::CallMethod"})
_WRITE_IN_SECRET: Final = frozenset(
    f"aten::{name}"
    for name in (
        "batch_norm instance_norm native_batch_norm cudnn_batch_norm miopen_batch_norm _batch_norm_impl_index "
        "lstm gru rnn_tanh rnn_relu scaled_dot_product_attention native_dropout alpha_dropout feature_dropout "
        "feature_alpha_dropout"
    ).split()
)
_ALWAYS_RUN: Final = frozenset(
    "prim::RaiseException prim::Print prim::SetAttr prim::PythonOp prim::Enter prim::Exit prim::Loop "
    "aten::warn aten::manual_seed".split()
)
_STEPS: Final = 16
_NEVER: Final = "internal error: a tensor has less than no elements"


def keep(functions: Iterable[Any]) -> None:
    """Keep what compiled functions call for its effects; call this before they run."""
    for function in functions:
        graph = function.graph
        concerned = [
            n for kind in sorted(kinds_in(graph)) for n in graph.findAllNodes(kind, True) if _may_have_effects(n)
        ]
        if not all(_reaches(graph.return_node(), node, _STEPS) for node in concerned):
            used = _Used(graph)
            for node in concerned:
                if not used.is_used(node):
                    for value in node.outputs():
                        _read(graph, node, value)


def _reaches(end: Any, node: Any, steps: int) -> bool:
    """Whether the first reader of a result, or its first reader, and so on, is the end: most results are used so."""
    while node.outputsSize() == 1 and steps:
        uses = node.output().uses()
        if not uses:
            return False
        node = uses[0].user
        if node == end:
            return True
        steps -= 1
    return False


def _may_have_effects(node: Any) -> bool:
    return node.kind() in _CALLS or node.kind() in _WRITE_IN_SECRET or bool(node.isNondeterministic())


class _Used:
    """The values of a graph that its results, its checks or what it writes depend on."""

    def __init__(self, graph: Any) -> None:
        self._names = {value.debugName() for value in graph.outputs()}
        self._depends_on_what_comes_earlier = False
        known = -1
        while known != len(self._names):
            known = len(self._names)
            self._look_through(graph)
            if not self._depends_on_what_comes_earlier:
                break

    def is_used(self, node: Any) -> bool:
        """Whether any result of a node is."""
        return any(value.debugName() in self._names for value in node.outputs())

    def _look_through(self, block: Any) -> bool:
        """Mark what the nodes that count read; whether there are any."""
        counts = False
        for node in reversed([*block.nodes()]):
            for inner in node.blocks():
                self._mark_results(node, inner)
            inside = [self._look_through(inner) for inner in node.blocks()]
            if any(inside) or self._counts(node):
                counts = True
                self._names.update(value.debugName() for value in node.inputs())
        return counts

    def _mark_results(self, node: Any, block: Any) -> None:
        """The results of a branch or a loop that are used outside, or in the next turn."""
        results = [*block.outputs()]
        if node.kind() == "prim::Loop":
            self._depends_on_what_comes_earlier = True
            carried = zip(node.outputs(), [*block.inputs()][1:], results[1:], strict=True)
            wanted = [value for out, turn, value in carried if self._knows(out) or self._knows(turn)]
            wanted.append(results[0])
        else:
            wanted = [value for out, value in zip(node.outputs(), results, strict=False) if self._knows(out)]
        self._names.update(value.debugName() for value in wanted)

    def _knows(self, value: Any) -> bool:
        return value.debugName() in self._names

    def _counts(self, node: Any) -> bool:
        if node.kind() in _ALWAYS_RUN or self.is_used(node):
            return True
        if not _writes(node):
            return False
        self._depends_on_what_comes_earlier = True  # on whether that is another name of what is written
        return self._reaches_out(node)

    def _reaches_out(self, node: Any) -> bool:
        """Whether what an operator writes is anything but a value that nobody uses."""
        value = node.inputsAt(0)
        while not self._knows(value):
            maker = value.node()
            if maker.kind() in {"prim::Param", "prim::GetAttr"}:
                return True
            if not maker.kind().startswith("aten::") or not maker.inputsSize() or "(a" not in maker.schema():
                return False
            value = maker.inputsAt(0)
        return True


def _writes(node: Any) -> bool:
    return node.kind().startswith("aten::") and "!" in node.schema() and bool(node.inputsSize())


def _read(graph: Any, node: Any, value: Any) -> Any:
    """Add a check that reads a tensor, or each of a tuple, after a node; returns the last node added."""
    kind = value.type().kind()
    if kind == "TupleType":
        parts = graph.create("prim::TupleUnpack", [value], len(value.type().elements()))
        for made, inner in zip(parts.outputs(), value.type().elements(), strict=True):
            made.setType(inner)
        _after(node, parts)
        last = parts
        for made in parts.outputs():
            last = _read(graph, last, made)
        return last
    return _checked(graph, node, value) if kind == "TensorType" else node


def _checked(graph: Any, node: Any, value: Any) -> Any:
    """Add `if value.numel() < 0: raise ...`."""
    elements = _after(node, graph.create("aten::numel", [value], 1), torch.IntType.get())
    nothing = _after(elements, _constant(graph, "i_", 0), torch.IntType.get())
    is_less = _after(nothing, graph.create("aten::lt", [elements.output(), nothing.output()], 1), torch.BoolType.get())
    told = _after(is_less, _constant(graph, "s_", _NEVER), torch.StringType.get())
    no_class = _after(told, graph.create("prim::Constant", 1), torch.NoneType.get())
    choice = _after(no_class, graph.create("prim::If", [is_less.output()], 0))
    choice.addBlock().addNode("prim::RaiseException", [told.output(), no_class.output()])
    choice.addBlock()
    return choice


def _constant(graph: Any, kind: str, value: object) -> Any:
    made = graph.create("prim::Constant", 1)
    getattr(made, kind)("value", value)
    return made


def _after(place: Any, made: Any, type_: Any = None) -> Any:
    made.insertAfter(place)
    made.copyMetadata(place)
    if type_ is not None:
        made.output().setType(type_)
    return made
