"""What a call in a compiled graph leads to, found without inlining it.

To ask torch for an inlined graph fixes the optimized graphs of what is called, before they are put right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.engines.torchscript.torch_names.copied_functions import kinds_in
from scriptkit.engines.torchscript.torch_names.table import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS = frozenset({"prim::CallMethod", "prim::CallFunction"})
_compiled = look_up("unit of everything compiled")
_OF_TORCH = "__torch__.torch.nn.functional."
_WRITES_LISTS = frozenset(f"aten::{n}" for n in "append insert extend pop clear remove reverse sort _set_item".split())
_DEEPEST = 12


def is_write(kind: str) -> bool:
    """Whether an operation writes into its first input, as its name tells."""
    return kind.startswith("aten::") and (kind.endswith("_") or kind in _WRITES_LISTS) and not kind.endswith("__")


def may_write(call: Any, steps: int = _DEEPEST) -> bool:
    """Whether what is called, or what that calls, may write into a tensor or a container."""
    name = _name_of(call)
    if name.startswith(_OF_TORCH):  # with a parameter `inplace`, or the like
        return any(value.toIValue() is True for value in call.inputs())
    graph = _graph_of(name)
    if graph is None or steps == 0:
        return True
    kinds = kinds_in(graph)
    return any(map(is_write, kinds)) or any(may_write(one, steps - 1) for one in _calls_in(graph, kinds))


def leads_to(call: Any, wanted: frozenset[str], steps: int = _DEEPEST) -> bool:
    """Whether what is called, or what that calls, holds nodes of these kinds."""
    graph = _graph_of(_name_of(call))
    if graph is None or steps == 0:
        return True
    kinds = kinds_in(graph)
    return not kinds.isdisjoint(wanted) or any(leads_to(one, wanted, steps - 1) for one in _calls_in(graph, kinds))


def _calls_in(graph: Any, kinds: set[str]) -> Iterator[Any]:
    for kind in sorted(CALLS & kinds):
        yield from graph.findAllNodes(kind, True)


def _name_of(call: Any) -> str:
    of = call.inputsAt(0).type()
    if call.kind() == "prim::CallFunction":
        return str(of)
    return f"{of.qualified_name()}.{call.s('name')}" if of.kind() == "ClassType" else ""


def _graph_of(name: str) -> Any:
    found = _compiled.find_function(name) if name and hasattr(_compiled, "find_function") else None
    return None if found is None else found.graph
