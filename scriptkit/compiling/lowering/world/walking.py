"""Iterations over containers that the code may change meanwhile: Python would see the changes, a copy does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scriptkit.compiling.lowering.world.effects import Effects

Sources = list[tuple[Any, list[Any]]]


class Once(list[Value]):
    """What an iterator gives; what is left of it once something walked it nobody computes."""

    is_view = False
    is_spent = False

    def refuse_spent(self) -> None:
        """Python would go on where the first walk ended."""
        if self.is_spent and not self.is_view:
            raise RefusedError("call-not-lowered", "an iterator that was walked before is walked again")


class Walked(Once):
    """What an iterator will give, computed ahead; `sources` are the containers it reads, as they were.

    `is_lazy`: Python would compute the items one by one. `is_view`: it can be walked again; an iterator cannot.
    """

    def __init__(self, items: Iterable[Value] = ()) -> None:
        super().__init__(items)
        self.sources: Sources = []
        self.is_lazy = False


def walk(
    effects: Effects, items: Iterable[Value], over: Sequence[Value], *, is_lazy: bool = False, is_view: bool = False
) -> Walked:
    """An iterator over containers, or a view of one."""
    made = Walked(items)
    made.is_view = is_view
    made.is_lazy = is_lazy or any(isinstance(container, Walked) and container.is_lazy for container in over)
    for container in over:
        made.sources += sources_of(container)
    effects.own(made)
    return made


def sources_of(container: Value) -> Sources:
    """What a loop over a value reads, as it is now."""
    if isinstance(container, Walked):
        return container.sources
    if isinstance(container, (list, dict, set)) or (isinstance(container, Dyn) and isinstance(container.example, list)):
        return [(container, _content(container))]
    return []


def refuse_changed(sources: Sources, position: int) -> None:
    """What is still to come must be what it was when the loop began."""
    for container, before in sources:
        now = _content(container)
        same = len(now) == len(before) and all(map(_is_same, now[position:], before[position:]))
        if not same:
            kind = "list" if isinstance(container, Dyn) else type(container).__name__
            raise RefusedError("state-mutated-in-loop", f"a {kind} changes while a loop walks it")


def _content(container: Any) -> list[Any]:
    if isinstance(container, Dyn):
        return [*container.example, container.version]
    return list(dict.items(container)) if isinstance(container, dict) else list(container)


def _is_same(one: Any, other: Any) -> bool:
    if type(one) is tuple and type(other) is tuple and len(one) == len(other):
        return all(a is b for a, b in zip(one, other, strict=True))
    return one is other
