"""The question of every call, "did anything change since the last one?", as one generated expression.

A loop over lists takes 47 ns for each place, a flat expression with every place as a local 20.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from types import CodeType

    from scriptkit.watching.dict_versions import Unwritten
    from scriptkit.watching.slots import Slots

SHORT: Final = 2000
_LONGEST: Final = 100_000
_FEW: Final = 16
"""More than these are asked of all at once, as a list: one term to compile, and 6 ns for each."""


class Expression:
    """Terms joined by `and`; equal trees have equal text, so that it is compiled once for all of them."""

    def __init__(self, slots: Slots, known: Collection[int] = ()) -> None:
        """All slots but those in the dictionaries whose ids are `known`."""
        self._terms: list[str] = []
        self._names: dict[int, str] = {}
        self._values: dict[str, object] = {"seen": slots.seen}
        for index, (holder, key) in enumerate(zip(slots.holders, slots.keys, strict=True)):
            if id(holder) not in known:
                self._terms.append(f"{self._local(holder)}[{key!r}] is seen[{index}]")

    def add_members(self, owners: Iterable[object], names: Iterable[str], values: Iterable[object]) -> None:
        """Each name of each owner is still the value."""
        for owner, name, value in zip(owners, names, values, strict=True):
            self._terms.append(f"{self._local(owner)}.{name} is {self._local(value)}")

    def add_classes(self, objects: Sequence[object], classes: Sequence[type]) -> None:
        """Each object is of the class it was of."""
        if len(objects) <= _FEW:
            self._terms += [
                f"type({self._local(o)}) is {self._local(c)}" for o, c in zip(objects, classes, strict=True)
            ]
        else:
            self._terms.append(f"[*map(type, {self._local(objects)})] == {self._local(list(classes))}")

    def add_sizes(self, sizes: Iterable[tuple[object, int]]) -> None:
        """Each container is as long as it was."""
        self._terms += [f"len({self._local(container)}) == {size}" for container, size in sizes]

    def add_empty(self, containers: Sequence[object]) -> None:
        """Each container is empty."""
        if len(containers) <= _FEW:
            self._terms += [f"not {self._local(container)}" for container in containers]
        else:
            self._terms.append(f"not any({self._local(containers)})")

    def add_absent(self, places: Iterable[tuple[object, str]]) -> None:
        """No container has its key."""
        self._terms += [f"{key!r} not in {self._local(container)}" for container, key in places]

    def compiled(self, *, is_often_asked: bool = False) -> Callable[[], bool] | None:
        """A function that evaluates the expression; None where it would be too long to pay.

        Python takes 9 us to compile a term, which then saves some 30 ns: of many terms, where it is often asked only.
        """
        if len(self._terms) > (_LONGEST if is_often_asked else SHORT):
            return None
        return self._function(" and ".join(self._terms) or "True")

    def compiled_with(self, unwritten: Unwritten) -> Callable[[], bool]:
        """A function that evaluates the expression only where nobody wrote what is asked of dictionaries."""
        self._values["unwritten"] = unwritten
        return self._function(" and ".join(["(unwritten.are_unwritten()", *self._terms]) + ") or unwritten.look()")

    def _function(self, text: str) -> Callable[[], bool]:
        parameters = ", ".join(f"{name}={name}" for name in self._values)
        namespace: dict[str, Any] = dict(self._values)
        code = _code if len(self._terms) <= SHORT else _code.__wrapped__  # a long one is too large to keep
        exec(code(parameters, text), namespace)  # noqa: S102 - names come from a class
        function: Callable[[], bool] = namespace["is_current"]
        return function

    def _local(self, value: object) -> str:
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = f"v{len(self._names)}"
            self._values[name] = value
        return name


@lru_cache(maxsize=512)
def _code(parameters: str, expression: str) -> CodeType:
    body = f" try:\n  return {expression}\n except (KeyError, AttributeError):\n  return False"
    return compile(f"def is_current({parameters}):\n{body}", "<scriptkit: is current>", "exec")
