"""How much of a method's inputs is made dynamic: everything, then the batch, then nothing.

`torch.export` takes a size of 0 or 1 in the example for a constant, so such dimensions are widened for the export where
the method takes more of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live.nested import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.compiling.exporting.running import Original
    from scriptkit.engines.export.convention import Convention

Axes = frozenset[tuple[int, ...]]
"""What is to be dynamic: `(input, dimension)` of a tensor, `(input,)` of a whole number."""


@dataclass(frozen=True)
class Rung:
    """One try: what is to be dynamic, and the inputs to export with.

    `is_freeing`: whether functions that take numbers are spelled in others that take sizes.
    """

    axes: Axes
    values: tuple[Any, ...]
    is_freeing: bool = True


class Ladder:
    """The tries for one call, the most dynamic first."""

    def __init__(self, convention: Convention, original: Original, values: Sequence[Any], wanted: Axes) -> None:
        self.convention = convention
        self.original = original
        self.values = list(values)
        self.wide = self._widened(wanted)
        todo = [wanted, frozenset(axis for axis in wanted if axis[1:] == (0,)), Axes()]
        self.todo = [(axes, True) for axes in todo]
        self.tried: set[tuple[Axes, bool]] = set()

    def rungs(self) -> Iterator[Rung]:
        """The tries that are left."""
        while self.todo:
            axes, is_freeing = self.todo.pop(0)
            if (axes, is_freeing) not in self.tried:
                self.tried.add((axes, is_freeing))
                yield Rung(axes, tuple(self._values_for(axes)), is_freeing)

    def without(self, rung: Rung, axes: Axes) -> None:
        """Try next what that rung tried, with some of it fixed."""
        if rung.axes & axes:
            self.todo.insert(0, (rung.axes - axes, rung.is_freeing))

    def plainly(self, rung: Rung) -> None:
        """Try next the same, with every function as it is written."""
        self.todo.insert(0, (rung.axes, False))

    def _values_for(self, axes: Axes) -> Iterator[Any]:
        for number, (wide, value) in enumerate(zip(self.wide, self.values, strict=True)):
            if not isinstance(wide, torch.Tensor):
                yield value
                continue
            for place, size in enumerate(value.shape):
                if (number, place) not in axes:
                    wide = wide.narrow(place, 0, size)  # noqa: PLW2901 - as wide as it is dynamic
            yield wide

    def _widened(self, wanted: Axes) -> list[Any]:
        """The inputs with two more of everything there is one of, as far as the method takes that."""
        ones = [axis for axis in sorted(wanted) if len(axis) > 1 and self.values[axis[0]].shape[axis[1]] == 1]
        by_dimension = [[axis for axis in ones if axis[1] == place] for place in sorted({axis[1] for axis in ones})]
        widest = self.values
        for group in [ones, *by_dimension, *([axis] for axis in ones)] if ones else []:
            tried = list(widest)
            for number, place in group:
                if tried[number].shape[place] == 1:
                    tried[number] = torch.cat([tried[number]] * 3, place)
            if self._is_taken(tried):
                widest = tried
        return widest

    def _is_taken(self, values: Sequence[Any]) -> bool:
        args, kwargs = build(self.convention.structure, values)
        return self.original.run(args, kwargs).error is None
