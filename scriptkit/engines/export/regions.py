"""Regions of a program without gradients, `with torch.no_grad():`.

torch makes one operator of each. Where a branch or a loop is in one, it took it for none (2.8 to 2.15): the gradients
of what is computed there were wrong. So such a region stays as it is written, and works on tensors without gradients:

    with torch.no_grad():                     x' = x.detach()
        mean.add_(x)                  ->      mean.detach().add_(x')
        y = x if yes else 2 * x               y = cond(yes, ..., (x',))

And where nothing leaves a region but what it writes, torch writes a file that it does not read.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any

import torch
from torch.fx.node import map_arg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch.export import ExportedProgram

_ROOM = "torch._export.passes.replace_set_grad_with_hop_pass"
_SPLIT = "_sequential_split_and_maybe_inline_subgraphs"
_OPERATORS = ("wrap_with_set_grad_enabled", "wrap_with_autocast")
_KEPT = ("nn_module_stack", "stack_trace", "source_fn_stack")
_Split = "Callable[[torch.fx.GraphModule, Any], tuple[torch.fx.GraphModule, Any]]"


@contextlib.contextmanager
def with_branches_in_regions() -> Iterator[None]:
    """Let regions have branches and loops in them; call this under the lock of exporting.

    With a torch that has no such function, gradients are as torch makes them, which a comparison shows.
    """
    room: Any = importlib.import_module(_ROOM)
    before = getattr(room, _SPLIT, None)
    if before is None:  # pragma: no cover - every torch so far has it
        yield
        return
    setattr(room, _SPLIT, _with_parts_detached(before))
    try:
        yield
    finally:
        setattr(room, _SPLIT, before)


def _with_parts_detached(split: Any) -> Any:
    def splitting(module: torch.fx.GraphModule, signature: Any) -> tuple[torch.fx.GraphModule, Any]:
        if not torch.is_grad_enabled() or not _has_part_in_region(module.graph):
            return split(module, signature)  # type: ignore[no-any-return]
        _Detaching(module.graph).run()
        module.recompile()
        return module, signature

    return splitting


def _has_part_in_region(graph: torch.fx.Graph) -> bool:
    is_off = False
    for node in graph.nodes:
        is_off = not node.args[0] if _sets_mode(node) else is_off
        if is_off and getattr(node.target, "namespace", "") == "higher_order":
            return True
    return False


def _sets_mode(node: torch.fx.Node) -> bool:
    return node.op == "call_function" and getattr(node.target, "__name__", "") == "_set_grad_enabled"


class _Detaching:
    """One graph whose regions become plain nodes."""

    def __init__(self, graph: torch.fx.Graph) -> None:
        self.graph = graph
        self.within: set[torch.fx.Node] = set()
        self.detached: dict[torch.fx.Node, torch.fx.Node] = {}
        self.written: dict[torch.fx.Node, torch.fx.Node] = {}
        """For the result of a write, the tensor from outside that was written to: it keeps the gradients it had."""

    def run(self) -> None:
        is_off = False
        for node in [*self.graph.nodes]:
            if _sets_mode(node):
                is_off = not node.args[0]
                self.detached = {}
                self.graph.erase_node(node)
            elif is_off and node.op == "call_function":
                self._inside(node)
            elif node.op != "output":
                self._take(node, lambda arg: self.written.get(arg, arg))

    def _inside(self, node: torch.fx.Node) -> None:
        first = node.args[0] if node.args else None
        if _writes(node) and isinstance(first, torch.fx.Node) and (first not in self.within or first in self.written):
            self.written[node] = self.written.get(first, first)
        self.within.add(node)
        self._take(node, lambda arg: self._without_gradient(arg, node))

    @staticmethod
    def _take(node: torch.fx.Node, change: Callable[[torch.fx.Node], torch.fx.Node]) -> None:
        node.args = map_arg(node.args, change)
        node.kwargs = map_arg(node.kwargs, change)

    def _without_gradient(self, arg: torch.fx.Node, user: torch.fx.Node) -> torch.fx.Node:
        value = arg.meta.get("val")
        if arg in self.within or not isinstance(value, torch.Tensor) or not _may_have_gradients(value):
            return arg
        if arg not in self.detached:
            with self.graph.inserting_before(user):
                made = self.graph.call_function(torch.ops.aten.detach.default, (arg,))
            made.meta = {name: user.meta[name] for name in _KEPT if name in user.meta} | {"val": value.detach()}
            self.detached[arg] = made
        return self.detached[arg]


def _writes(node: torch.fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and bool(schema.is_mutable)


def _may_have_gradients(value: torch.Tensor) -> bool:
    return value.dtype.is_floating_point or value.dtype.is_complex


def mend_regions(program: ExportedProgram) -> None:
    """Let every region give something; one with nothing in it goes."""
    for module in [*program.graph_module.modules()]:
        if isinstance(module, torch.fx.GraphModule):
            silent = [node for node in module.graph.nodes if _is_silent(node)]
            for node in silent:
                _mend(module, node)
            if silent:
                module.recompile()


def _is_silent(node: torch.fx.Node) -> bool:
    return getattr(node.target, "__name__", "") in _OPERATORS and not node.meta.get("val")


def _mend(module: torch.fx.GraphModule, region: torch.fx.Node) -> None:
    place = next(part for part in region.args if isinstance(part, torch.fx.Node) and part.op == "get_attr")
    body = getattr(module, str(place.target))
    made = [node for node in body.graph.nodes if isinstance(node.meta.get("val"), torch.Tensor)]
    if not [node for node in made if node.op == "call_function"]:
        module.graph.erase_node(region)
        module.graph.erase_node(place)
        return
    body.graph.output_node().args = ((made[-1],),)
    body.recompile()
    region.meta["val"] = (made[-1].meta["val"],)
