"""Objects of Python that the residual program has no value for: what stands for them while the code is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.frames import Closure
from scriptkit.compiling.lowering.world.values import Dyn, Unreadable, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.compiling.lowering.world.walking import Sources


class TensorMethod:
    """A method of a value known at run time, not called yet."""

    def __init__(self, receiver: Dyn, name: str) -> None:
        self.receiver = receiver
        self.name = name


class Picked:
    """One of several Python objects: the one whose key equals `index` at run time."""

    def __init__(self, choices: Sequence[tuple[Any, Value]], index: Dyn) -> None:
        self.choices = tuple(choices)
        self.index = index


class DynRange:
    """`range` with a bound known at run time."""

    def __init__(self, bounds: Sequence[Value]) -> None:
        self.bounds = tuple(bounds)


class DynReversed:
    """`reversed` of a list of a length known at run time: a copy that is turned round, and what Python would read."""

    def __init__(self, made: Dyn, sources: Sources) -> None:
        self.made = made
        self.sources = sources


class DynEnumerate:
    """`enumerate` over something of a length known at run time."""

    def __init__(self, over: Value, start: int) -> None:
        self.over = over
        self.start = start


class DynZip:
    """`zip` of things of which one at least has a length known at run time."""

    def __init__(self, parts: Sequence[Value], *, strict: bool) -> None:
        self.parts = tuple(parts)
        self.strict = strict


class UnknownText:
    """A text whose content is known only at run time; `parts` are texts, values of the run, and None for the rest."""

    def __init__(self, parts: Sequence[Value] = (None,)) -> None:
        self.parts = tuple(parts)

    def spoken(self) -> str:
        """The text as far as it is known now."""
        return "".join(part if isinstance(part, str) else "..." for part in self.parts)


SPECIAL_VALUES = (
    Dyn,
    Unreadable,
    TensorMethod,
    Picked,
    Closure,
    DynRange,
    DynReversed,
    DynEnumerate,
    DynZip,
    UnknownText,
)


def has_dyn(value: Value, depth: int = 0) -> bool:
    """Whether a value is known at run time, wholly or in part; looks into built-in containers."""
    if isinstance(value, SPECIAL_VALUES):
        return True
    if depth > 6:  # noqa: PLR2004 - deeper than anybody nests arguments
        return False
    if isinstance(value, dict):
        return any(has_dyn(item, depth + 1) for item in dict.values(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(has_dyn(item, depth + 1) for item in value)
    if isinstance(value, slice):
        return has_dyn((value.start, value.stop, value.step), depth + 1)
    return False
