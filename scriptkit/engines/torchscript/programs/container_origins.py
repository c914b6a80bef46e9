"""Where a list or dictionary of a compiled graph may come from: through branches, loops, attributes and containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.programs.written import MUTATES_CONTAINERS
from scriptkit.engines.torchscript.torch_names import private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TAKES_ONE: Final = frozenset(
    "aten::__getitem__ aten::get aten::pop aten::setdefault prim::TupleUnpack prim::TupleIndex prim::ListUnpack".split()
)
_GIVES_DEFAULT: Final = frozenset({"aten::get", "aten::setdefault"})
_IS_THE_SAME: Final = frozenset({"prim::unchecked_cast", "prim::unchecked_unwrap_optional", "aten::_unwrap_optional"})
_BUILDS: Final = frozenset({"prim::ListConstruct", "prim::TupleConstruct", "prim::DictConstruct"})
_PUTS_ALL: Final = frozenset({"aten::extend", "aten::update", "aten::add_"})

_Place = tuple[Any, int]
"""A value, and how many containers inside it the container in question lies: 0 is the value itself."""


class ContainerOrigins:
    """Follows containers back through all nodes of one graph."""

    def __init__(self, nodes: Iterable[Any]) -> None:
        self._put: list[_Place] = []
        self._attributes: dict[str, list[Any]] = {}
        for node in nodes:
            if node.kind() == "prim::SetAttr":
                self._attributes.setdefault(node.s("name"), []).append(node.inputsAt(1))
            elif node.kind() in MUTATES_CONTAINERS:
                depth = 0 if node.kind() in _PUTS_ALL else -1
                self._put += [(value, depth) for value in list(node.inputs())[1:]]

    def of(self, value: Any) -> set[str]:
        """The names of the values that a container may be, or be a part of."""
        found: set[tuple[str, int]] = set()
        left: list[_Place] = [(value, 0)]
        while left:
            here, depth = left.pop()
            if (here.debugName(), depth) in found or not _may_lie(depth, here.type()):
                continue
            found.add((here.debugName(), depth))
            left += self._before(here, depth)
            if depth > 0:  # what is in a container may have been put there
                left += [(one, depth + up) for one, up in self._put]
        return {name for name, _ in found}

    def _before(self, value: Any, depth: int) -> Iterator[_Place]:
        node = value.node()
        kind = node.kind()
        if kind in ("prim::If", "prim::Loop", "prim::Param"):
            yield from ((one, depth) for one in _joined(value, node, kind))
        elif kind == "prim::GetAttr":
            yield from ((one, depth) for one in self._attributes.get(node.s("name"), ()))
        elif kind in _TAKES_ONE:
            yield node.inputsAt(0), depth + 1
            yield from ((one, depth) for one in list(node.inputs())[2:] if kind in _GIVES_DEFAULT)
        elif kind in _IS_THE_SAME:
            yield node.inputsAt(0), depth
        elif depth > 0:  # a new container, which shares what is inside
            is_one_deeper = kind in _BUILDS or kind == "aten::items"
            yield from ((one, depth - is_one_deeper) for one in node.inputs())


def _may_lie(depth: int, torch_type: Any) -> bool:
    """Whether a container lies that deep in values of a type; deeper than the type is, a walk would never end."""
    return depth < private.containers_deep(torch_type) and private.holds_container(torch_type)


def _joined(value: Any, node: Any, kind: str) -> list[Any]:
    """What may arrive at the end of a branch or loop, or at the head of a loop's body."""
    if kind == "prim::If":
        index = _index(node.outputs(), value)
        return [list(block.outputs())[index] for block in node.blocks()]
    if kind == "prim::Loop":
        return _carried(node, _index(node.outputs(), value))
    block = node.owningBlock()
    loop = block.owningNode()
    if loop is None or loop.kind() != "prim::Loop":
        return []
    return _carried(loop, _index(block.inputs(), value) - 1)


def _carried(loop: Any, index: int) -> list[Any]:
    """What a loop starts with, and what each round hands on."""
    body = next(iter(loop.blocks()))
    return [list(loop.inputs())[index + 2], list(body.outputs())[index + 1]]


def _index(values: Any, wanted: Any) -> int:
    return next(i for i, v in enumerate(values) if v.debugName() == wanted.debugName())
