"""What is asked of a program: which dimensions are to be dynamic; and which of two programs has more of them free."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.exporting.dimensions import LOOP
from scriptkit.engines.export import torch_names
from scriptkit.engines.export.inputs import FixedInput, TensorInput, told
from scriptkit.errors import ExportError
from scriptkit.live.nested import Constant, Leaf, Nest, build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.compiling.exporting.ladder import Axes
    from scriptkit.engines.export.convention import Convention
    from scriptkit.engines.export.expressions import Guard
    from scriptkit.engines.export.inputs import Dimension
    from scriptkit.engines.export.programs import MethodProgram
    from scriptkit.live.nested import Structure

Dynamic = Any
"""What the user says of dimensions: None (all that can be), False (none), or places by name of the argument."""


_OF_NUMBERS = re.compile(r"\b(?:math\.\w+|sqrt|log|log2|log10|int|round)\(")
"""Functions of Python that read a number out of a size, in the line that a reason quotes."""


def may_be_freer_lowered(program: MethodProgram) -> bool:
    """Whether a size is fixed because a loop was written out, or because Python made a number of it."""
    fixed = [it.reason for it in _dimensions(program) if it.kind == "fixed"]
    asked = [guard.message for guard in _equalities(program)]
    return any(reason.startswith(LOOP) for reason in fixed) or any(map(_OF_NUMBERS.search, (*fixed, *asked)))


def _equalities(program: MethodProgram) -> list[Guard]:
    return [guard for guard in program.guards if guard.op == "=="]


def fixed_numbers(program: MethodProgram) -> list[FixedInput]:
    """The whole numbers among the inputs that are part of a program."""
    return [one for one in program.inputs if isinstance(one, FixedInput) and type(one.value) is int]


def _dimensions(program: MethodProgram) -> Iterator[Dimension]:
    for one in program.inputs:
        if isinstance(one, TensorInput):
            yield from one.dimensions


def freer(one: MethodProgram | None, other: MethodProgram | None) -> MethodProgram | None:
    """The program with fewer fixed sizes, or fewer equations between sizes; the first where both have as many."""
    if one is None or other is None:
        return one or other
    if one.training and other.loses_gradients and not one.loses_gradients:
        return one
    fixed, others = (
        (sum(it.kind == "fixed" for it in _dimensions(each)) + len(fixed_numbers(each)), len(_equalities(each)))
        for each in (one, other)
    )
    return other if others < fixed else one


def typed(structure: Structure, values: Sequence[Any]) -> Structure:
    """The tree of a result, in which numbers stay numbers where a program gives tensors."""
    if isinstance(structure, Nest):
        return replace(structure, items=tuple(typed(item, values) for item in structure.items))
    if isinstance(structure, Leaf) and type(values[structure.index]) in {bool, int, float}:
        return Leaf(structure.index, type(values[structure.index]))
    if isinstance(structure, Leaf) and not isinstance(values[structure.index], torch.Tensor):
        return Constant(values[structure.index])
    return structure


def asked_axes(convention: Convention, values: Sequence[Any], dynamic: Dynamic) -> Axes:
    """What is to be dynamic, as the user says it."""
    every: set[tuple[int, ...]] = set()
    for number, value in enumerate(values):
        if isinstance(value, torch.Tensor):
            every |= {(number, place) for place in range(value.dim())}
        elif type(value) is int:
            every.add((number,))
    if dynamic is None or dynamic is True:
        return frozenset(every)
    if dynamic is False:
        return frozenset()
    return frozenset(_named_axes(convention, every, dynamic))


def _named_axes(convention: Convention, every: set[tuple[int, ...]], dynamic: Any) -> set[tuple[int, ...]]:
    """`{"x": [0, 1]}`, `{"x": 0}` or `{"k": True}`."""
    chosen: set[tuple[int, ...]] = set()
    for name, places in dict(dynamic).items():
        if name not in convention.names:
            raise ExportError(f"`dynamic` names '{name}', and the inputs are {', '.join(convention.names)}")
        number = convention.names.index(name)
        if places is True:
            chosen |= {axis for axis in every if axis[0] == number}
            continue
        for place in [places] if isinstance(places, int) else list(places):
            if (number, place) not in every:
                raise ExportError(f"`dynamic` names dimension {place} of '{name}', which is {told_input(place)}")
            chosen.add((number, place))
    return chosen


def told_input(place: Any) -> str:
    """What is wrong with a dimension that is not there."""
    return f"no dimension of that input: {told(place)}"


def dynamic_shapes(convention: Convention, values: Sequence[Any], axes: Axes) -> dict[str, Any]:
    """The same as `torch.export` wants it: by parameter, in the nesting of the arguments."""
    marks: list[Any] = []
    for number, value in enumerate(values):
        if isinstance(value, torch.Tensor):
            marks.append({place: torch_names.auto() for place in range(value.dim()) if (number, place) in axes} or None)
        else:
            marks.append(torch_names.auto() if (number,) in axes else None)
    args, kwargs = build(convention.plain, marks)
    return dict(convention.signature.bind(*args, **kwargs).arguments)
