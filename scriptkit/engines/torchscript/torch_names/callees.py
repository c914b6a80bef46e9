"""What a call in a compiled graph leads to, found without inlining it.

To ask torch for an inlined graph fixes the optimized graphs of what is called, before they are put right.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from scriptkit.engines.torchscript.torch_names.containers import CONSTRUCTS, PUTS, lives_on, put_into
from scriptkit.engines.torchscript.torch_names.copied_functions import kinds_in
from scriptkit.engines.torchscript.torch_names.table import look_up

CALLS = frozenset({"prim::CallMethod", "prim::CallFunction"})
_compiled = look_up("unit of everything compiled")
_OF_TORCH = "__torch__.torch.nn.functional."
_WRITES_LISTS = frozenset(f"aten::{n}" for n in "append insert extend pop clear remove reverse sort _set_item".split())


def is_write(kind: str) -> bool:
    """Whether an operation writes into its first input, as its name tells."""
    return kind.startswith("aten::") and (kind.endswith("_") or kind in _WRITES_LISTS) and not kind.endswith("__")


def may_write(call: Any, value: Any = None) -> bool:
    """Whether what is called, or what that calls, may write into a tensor or a container, or into a given value."""
    told = _told(call)
    is_tensor = value is not None and value.type().kind() == "TensorType"
    return told.writes or any(is_write(kind) and not (is_tensor and kind in _WRITES_LISTS) for kind in told.kinds)


def leads_to(call: Any, wanted: frozenset[str]) -> bool:
    """Whether what is called, or what that calls, holds nodes of these kinds."""
    told = _told(call)
    return told.is_unknown or not told.kinds.isdisjoint(wanted)


def may_hold(call: Any, value: Any = None) -> bool:
    """Whether what is called may put a value, or any at all, into a container that it was given or gives back."""
    told = _told(call)
    return told.is_unknown or (bool(told.held) if value is None else _without_none(value) in told.held)


class _Told(NamedTuple):
    """What is known of a function or method together with all that it calls."""

    kinds: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    """The types of what it puts into containers that live on."""
    writes: bool = False
    """Whether it writes, whatever its kinds of nodes are."""
    is_unknown: bool = False


_UNKNOWN = _Told(writes=True, is_unknown=True)
_known: dict[str, _Told] = {}
"""By name: no two things that torch compiles in one process have the same, and none calls itself."""


def _told(call: Any) -> _Told:
    name = _name_of(call)
    if name not in _known:
        graph = _graph_of(name)
        if graph is None:
            return _UNKNOWN
        _known[name] = _read(graph)
    told = _known[name]
    if name.startswith(_OF_TORCH):  # writes by a parameter `inplace`, or the like, and keeps nothing
        is_inplace = any(value.toIValue() is True for value in call.inputs())
        return _Told(frozenset(kind for kind in told.kinds if not is_write(kind)), writes=is_inplace)
    return told


def _read(graph: Any) -> _Told:
    kinds = kinds_in(graph)
    called = [_told(call) for kind in sorted(CALLS & kinds) for call in graph.findAllNodes(kind, True)]
    filling = (node for kind in sorted((CONSTRUCTS | PUTS) & kinds) for node in graph.findAllNodes(kind, True))
    held = {_without_none(value) for node in filling for _, value in put_into(node) if lives_on(node)}
    return _Told(
        frozenset(kinds).union(*(told.kinds for told in called)),
        frozenset(held).union(*(told.held for told in called)),
        any(told.writes for told in called),
        any(told.is_unknown for told in called),
    )


def _without_none(value: Any) -> str:
    return str(value.type()).rstrip("?")


def _name_of(call: Any) -> str:
    of = call.inputsAt(0).type()
    if call.kind() == "prim::CallFunction":
        return str(of)
    return f"{of.qualified_name()}.{call.s('name')}" if of.kind() == "ClassType" else ""


def _graph_of(name: str) -> Any:
    found = _compiled.find_function(name) if name and hasattr(_compiled, "find_function") else None
    return None if found is None else found.graph
