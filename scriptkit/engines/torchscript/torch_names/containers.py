"""Lists, tuples and dictionaries in a compiled graph: what is put into them, and whether they go on to live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

CONSTRUCTS: Final = frozenset({"prim::ListConstruct", "prim::TupleConstruct", "prim::DictConstruct"})
PUTS: Final = frozenset({"aten::append", "aten::insert", "aten::_set_item", "aten::setdefault"})
TAKES: Final = frozenset(
    "aten::__getitem__ aten::pop aten::get prim::ListUnpack prim::TupleUnpack prim::TupleIndex".split()
)
_COPIES_INTO = PUTS | {"aten::extend", "aten::add_", "aten::update"}
_NEVER_CHANGED = frozenset(
    "IntType FloatType BoolType StringType NoneType DeviceObjType NumberType EnumType ComplexType FunctionType".split()
)
_CONTAINERS = frozenset({"ListType", "TupleType", "DictType"})


def is_mutable(torch_type: Any) -> bool:
    """Whether values of a type can be changed, or hold something that can."""
    kind = torch_type.kind()
    if kind in ("OptionalType", "TupleType", "UnionType"):
        return any(is_mutable(part) for part in torch_type.containedTypes())
    return kind not in _NEVER_CHANGED


def holds_mutable(torch_type: Any) -> bool:
    """Whether values of a type are containers of something that can be changed."""
    return torch_type.kind() in _CONTAINERS and any(is_mutable(part) for part in torch_type.containedTypes())


def put_into(node: Any) -> Iterator[tuple[int, Any]]:
    """What a node puts into a container and can be changed, with the number of the input."""
    kind = node.kind()
    if kind in CONSTRUCTS or kind in PUTS:
        for index, value in enumerate(node.inputs()):
            if (index > 0 or kind in CONSTRUCTS) and is_mutable(value.type()):
                yield index, value


def lives_on(node: Any) -> bool:
    """Whether the container that a node fills may be in use when the graph is done with it."""
    container = node.output() if node.kind() in CONSTRUCTS else node.inputsAt(0)
    if container.node().kind() not in CONSTRUCTS:
        return True
    return any(not _only_reads(use.user, use.offset) for use in container.uses())


def _only_reads(node: Any, offset: int) -> bool:
    """Whether an operation keeps nothing of what a container holds but what it hands on by itself."""
    kind = node.kind()
    if (not kind.startswith("aten::") and kind not in TAKES) or (offset and kind in _COPIES_INTO):
        return False
    return not any(output.uses() and holds_mutable(output.type()) for output in node.outputs())
