"""Operators that may give back the very tensor they were given, and say of themselves that they do not.

After `h = self.dropout(x)` in evaluation, `h` is `x`, and `h.add_(1)` changes `x`.
The optimizer believes what an operator says, and drops a write into `h` that nobody seems to read (torch 2.6 to 2.15).
Where a graph writes into what such an operator made in a call of it, the result is taken from one of two places, which
the optimizer does follow. Where the user's code calls an operator itself, and writes itself, that is met before there
is a graph: `lifting` puts `one_of_two` round it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor  # noqa: TC002 - the compiler reads it

from scriptkit.engines.torchscript.torch_names.callees import CALLS, leads_to, may_write
from scriptkit.engines.torchscript.torch_names.copied_functions import insert

if TYPE_CHECKING:
    from collections.abc import Iterator

MAY_RETURN_AN_INPUT = frozenset(
    "dropout alpha_dropout feature_dropout feature_alpha_dropout type_as atleast_1d atleast_2d atleast_3d einsum "
    "sum_to_size dequantize to_dense cartesian_prod".split()
)
_KINDS = frozenset(f"aten::{name}" for name in MAY_RETURN_AN_INPUT)
_DEEPEST = 32


def one_of_two(result: Tensor, given: Tensor) -> Tensor:
    """Compiled: always the result, which the optimizer cannot know."""
    if result.numel() >= 0:
        return result
    return given


def put_right(function: Any, kinds: set[str]) -> None:
    """Rewrite the graph of a compiled function or method, which has nodes of these kinds."""
    writing = sorted(kind for kind in kinds if kind.startswith("aten::") and kind.endswith("_"))
    writes = (node for kind in writing for node in function.graph.findAllNodes(kind, True))
    targets = (node.inputsAt(0) for node in writes if node.inputsSize() and _is_tensor(node.inputsAt(0)))
    writers = (call for kind in sorted(CALLS & kinds) for call in function.graph.findAllNodes(kind, True))
    given = [(call, value) for call in writers for value in list(call.inputs())[1:] if _is_tensor(value)]
    makers = {id(maker): maker for target in targets for maker in _made_by(target, _DEEPEST) if maker.kind() in CALLS}
    for writer, value in given:
        made = [maker for maker in _made_by(value, _DEEPEST) if id(maker) not in makers]
        if any(map(_may_return_an_input, made)) and may_write(writer, value):
            makers.update((id(maker), maker) for maker in made)
    for maker in makers.values():
        if _may_return_an_input(maker):
            _tie(function.graph, maker)


def _may_return_an_input(maker: Any) -> bool:
    return maker.kind() in _KINDS or leads_to(maker, _KINDS)


def _made_by(value: Any, steps: int) -> Iterator[Any]:
    """The calls, and the operators of this kind, whose result a value may be, or may be a part of."""
    node = value.node()
    if steps == 0:
        return
    if node.kind() in CALLS or node.kind() in _KINDS:
        if node.outputsSize() == 1 and _is_tensor(node.output()):
            yield node
    elif node.kind() in ("prim::If", "prim::Loop"):
        number = [out.debugName() for out in node.outputs()].index(value.debugName())
        shift = int(node.kind() == "prim::Loop")
        for block in node.blocks():
            yield from _made_by(list(block.outputs())[number + shift], steps - 1)
    elif node.kind().startswith("aten::") and node.inputsSize() and "(a" in node.schema():
        yield from _made_by(node.inputsAt(0), steps - 1)


def _is_tensor(value: Any) -> bool:
    return bool(value.type().kind() == "TensorType")


def _tie(graph: Any, maker: Any) -> None:
    """Let a result be, for the optimizer, any of the tensors that were given for it."""
    result = maker.output()
    readers = [use.user for use in result.uses()]
    block = maker.owningBlock()
    after = next((node for node in block.nodes() if node.isAfter(maker)), block.returnNode())
    for given in _tensors_in(maker):
        [result] = insert(graph, after, one_of_two, [result, given])
    if result is not maker.output():
        for reader in readers:
            reader.replaceInputWith(maker.output(), result)


def _tensors_in(node: Any) -> Iterator[Any]:
    """The tensors that a node is given, those in a list included."""
    for value in list(node.inputs())[int(node.kind() in CALLS) :]:
        if _is_tensor(value):
            yield value
        elif value.node().kind() == "prim::ListConstruct":
            yield from filter(_is_tensor, value.node().inputs())
