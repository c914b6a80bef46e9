"""Which attributes compiled code reads and writes: those are bound before a call, these pulled back after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.torch_names import private

if TYPE_CHECKING:
    from collections.abc import Iterator

MUTATES_CONTAINERS: Final = frozenset(
    f"aten::{name}"
    for name in (
        "append extend insert pop _set_item clear Delete remove update setdefault sort reverse popitem add_ mul_ "
        "__delitem__ copy_ fill_"
    ).split()
)
_CALLS: Final = frozenset({"prim::CallFunction", "prim::CallMethod", "prim::PythonOp"})
_Written = frozenset[tuple[str, str]]
_cache: dict[Any, _Written] = {}
_read_cache: dict[Any, _Written] = {}


def attributes_written_in(concrete_type: Any, instance: Any) -> _Written:
    """(type name, attribute) of everything the methods of a type assign or may change in place.

    A container that any code may change counts wherever it is read: it can be passed on or be nested in another.
    """
    if concrete_type not in _cache:
        _cache[concrete_type] = frozenset(_scan(instance))
    return _cache[concrete_type]


def attributes_read_in(concrete_type: Any) -> _Written:
    """(type name, attribute) of everything the methods of a type read."""
    if concrete_type not in _read_cache:
        _read_cache[concrete_type] = frozenset(
            (node.inputsAt(0).type().str(), node.s("name"))
            for node in _all_nodes(private.new_instance(concrete_type))
            if node.kind() == "prim::GetAttr"
        )
    return _read_cache[concrete_type]


def _all_nodes(instance: Any) -> Iterator[Any]:
    for name in instance._method_names():
        yield from _nodes(instance._get_method(name).graph)


def _scan(instance: Any) -> Iterator[tuple[str, str]]:
    containers: set[tuple[str, str]] = set()
    may_change_containers = False
    for node in _all_nodes(instance):
        kind = node.kind()
        if kind == "prim::SetAttr":
            yield node.inputsAt(0).type().str(), node.s("name")
        elif kind == "prim::GetAttr" and _is_mutable(node.output().type()):
            containers.add((node.inputsAt(0).type().str(), node.s("name")))
        elif kind in MUTATES_CONTAINERS or kind in _CALLS:
            may_change_containers |= any(_is_mutable(i.type()) for i in node.inputs())
    if may_change_containers:
        yield from containers


def _nodes(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _nodes(inner)


def _is_mutable(torch_type: Any) -> bool:
    return private.holds_container(torch_type)
