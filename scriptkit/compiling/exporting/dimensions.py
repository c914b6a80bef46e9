"""What a program takes, read from the program: which dimensions are free, which are not, and which line says so."""

from __future__ import annotations

import linecache
import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.export import torch_names
from scriptkit.engines.export.expressions import Guard, read, sentence
from scriptkit.engines.export.inputs import Dimension, FixedInput, NumberInput, TensorInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.export import ExportedProgram

    from scriptkit.engines.export.convention import Convention
    from scriptkit.engines.export.inputs import Input
    from scriptkit.engines.export.remarks import Notes, Place

LOOP = "the loop at"
"""How a reason begins that is a loop written out."""
BRANCH = "the branch at"
"""How a reason begins that is a branch on a size."""
_SYMBOL = re.compile(r"\bs\d+\b|\bzuf\d+\b")


@dataclass
class Taken:
    """What a program takes."""

    inputs: list[Input]
    guards: list[Guard]


def taken(
    program: ExportedProgram, convention: Convention, values: Sequence[Any], notes: Notes, asked: frozenset[Any]
) -> Taken:
    """Inputs and guards of a program that was exported for these values.

    `asked` names what was to be dynamic: `(input, dimension)`, and `(input,)` for a number. Raises UnreadableError
    where the program asks for something that cannot be told.
    """
    return _Reading(program, convention, values, notes, asked).taken()


class _Reading:
    def __init__(
        self,
        program: ExportedProgram,
        convention: Convention,
        values: Sequence[Any],
        notes: Notes,
        asked: frozenset[Any],
    ) -> None:
        self.program = program
        self.convention = convention
        self.values = values
        self.asked = asked
        self.reasons = _Reasons(notes)
        self.facts = torch_names.inputs(program)
        self.first: dict[str, tuple[int, int]] = {}

    def taken(self) -> Taken:
        inputs = [self._input(number) for number in range(len(self.values))]
        guards: dict[str, Guard] = {}
        for text in torch_names.guards(self.program):
            for left, op, right in read(text, self._expressions()):
                because = self.reasons.of(text)
                if not _narrow(inputs, left, op, right, because):
                    said = sentence(left, op, right, self.convention.names)
                    guard = Guard(left, op, right, f"{said}: {because}" if because else said)
                    guards[guard.key] = guard
        _follow_roots(inputs)
        return Taken(inputs, list(guards.values()))

    def _expressions(self) -> dict[str, Any]:
        """What each name in the texts of torch stands for."""
        found: dict[str, Any] = {}
        for number, (source, value) in enumerate(zip(self.convention.sources, self.values, strict=True)):
            if isinstance(value, torch.Tensor):
                found |= {f"{source}.size()[{place}]": {"size": [number, place]} for place in range(value.dim())}
            else:
                found[source] = {"value": number}
        return found

    def _input(self, number: int) -> Input:
        name, value, fact = self.convention.names[number], self.values[number], self.facts[number]
        if isinstance(value, torch.Tensor):
            sizes = fact.sizes or tuple(value.shape)
            dimensions = tuple(self._dimension(number, place, size) for place, size in enumerate(sizes))
            return TensorInput(name, value.dtype, value.device.type, dimensions)
        if fact.symbol and type(value) is int:
            return NumberInput(name, value)
        return FixedInput(name, value)

    def _dimension(self, number: int, place: int, size: int | str) -> Dimension:
        example = int(self.values[number].shape[place])
        if isinstance(size, int):
            source = f"{self.convention.sources[number]}.size()[{place}]"
            reason = self.reasons.fixed(source) if (number, place) in self.asked else ""
            return Dimension("fixed", example, example, example, reason=reason)
        most = torch_names.ranges(self.program).get(size, (0, None))[1]
        if size in self.first:
            other, dimension = self.first[size]
            reason = f"equal to dimension {dimension} of '{self.convention.names[other]}'"
            return Dimension("equal", example, 0, most, (other, dimension), reason)
        self.first[size] = (number, place)
        return Dimension("free" if most is None else "range", example, 0, most)


def _narrow(inputs: list[Input], left: Any, op: str, right: Any, because: str) -> bool:
    """Let a dimension or a number say for itself what is asked of it alone; False where that is not possible."""
    if not isinstance(left, dict) and isinstance(right, dict):
        left, op, right = right, _TURNED.get(op, op), left
    if isinstance(left, dict) and left.get("size") and isinstance(right, dict) and right.get("size") and op == "==":
        return _equal(inputs, left["size"], right["size"])
    if type(right) is not int or not isinstance(left, dict):
        return False
    least = {">=": right, ">": right + 1, "==": right}.get(op)
    most = {"<=": right, "<": right - 1, "==": right}.get(op)
    if least is None and most is None:
        return False
    if "size" in left:
        return _bounded_dimension(inputs, left["size"], least, most, because)
    one = inputs[left["value"]] if "value" in left else None
    if isinstance(one, NumberInput):
        bounds = _bounds(one.least, one.most, least, most)
        inputs[left["value"]] = replace(one, least=bounds[0], most=bounds[1], reason=because or one.reason)
        return True
    return isinstance(one, FixedInput) and one.value == right


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _bounds(
    least: int | None, most: int | None, at_least: int | None, at_most: int | None
) -> tuple[int | None, int | None]:
    lower = [bound for bound in (least, at_least) if bound is not None]
    upper = [bound for bound in (most, at_most) if bound is not None]
    return max(lower, default=None), min(upper, default=None)


def _bounded_dimension(
    inputs: list[Input], size: Sequence[int], at_least: int | None, at_most: int | None, because: str
) -> bool:
    number, place = _root(inputs, tuple(size))
    one = inputs[number]
    if not isinstance(one, TensorInput):
        return False
    dimension = one.dimensions[place]
    least, most = _bounds(dimension.least, dimension.most, at_least, at_most)
    kind = "fixed" if least == most else ("range" if dimension.kind == "free" else dimension.kind)
    reason = dimension.reason or because
    inputs[number] = with_dimension(
        one, place, replace(dimension, kind=kind, least=least or 0, most=most, reason=reason)
    )
    return True


def with_dimension(one: TensorInput, place: int, dimension: Dimension) -> TensorInput:
    """The same input with another dimension in one place."""
    dimensions = list(one.dimensions)
    dimensions[place] = dimension
    return replace(one, dimensions=tuple(dimensions))


def _equal(inputs: list[Input], one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two dimensions are known to be equal already, which the inputs say where they share a symbol."""
    first, second = sorted((tuple(one), tuple(other)))
    tensor = inputs[second[0]]
    if not isinstance(tensor, TensorInput):
        return False
    if tensor.dimensions[second[1]].to == first:
        return True
    roots = {_root(inputs, first), _root(inputs, second)}
    return len(roots) == 1


def _root(inputs: Sequence[Input], place: tuple[int, ...]) -> tuple[int, ...]:
    """The dimension that another one equals in the end."""
    tensor = inputs[place[0]]
    to = tensor.dimensions[place[1]].to if isinstance(tensor, TensorInput) else None
    return place if to is None else _root(inputs, to)


def _follow_roots(inputs: list[Input]) -> None:
    """What holds for a dimension holds for those that equal it."""
    for number, one in enumerate(inputs):
        if isinstance(one, TensorInput):
            for place, dimension in enumerate(one.dimensions):
                if dimension.to is not None:
                    inputs[number] = with_dimension(_tensor(inputs[number]), place, _like_root(inputs, dimension))


def _like_root(inputs: Sequence[Input], dimension: Dimension) -> Dimension:
    assert dimension.to is not None  # noqa: S101 - asked by the caller
    number, place = _root(inputs, dimension.to)
    root = _tensor(inputs[number]).dimensions[place]
    if root.kind == "fixed":
        return replace(root, size=dimension.size)
    return replace(dimension, least=root.least, most=root.most)


def _tensor(one: Input) -> TensorInput:
    assert isinstance(one, TensorInput)  # noqa: S101 - numbers have no dimensions
    return one


class _Reasons:
    """The lines of the model that made assumptions about sizes, in words."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.symbols = {source: symbol for symbol, source in notes.sources.items()}

    def fixed(self, source: str) -> str:
        """Why a size cannot vary: the line that makes it a number, else the first that assumes anything of it."""
        symbol = self.symbols.get(source)
        if not symbol:
            return ""
        makes_it_a_number = re.compile(rf"Eq\((?:{symbol}, \d+|\d+, {symbol})\)")
        numbers = [place for text, place in self.notes.assumed if place is not None and makes_it_a_number.search(text)]
        return told(numbers[0]) if numbers else self._first(lambda found: symbol in found)

    def of(self, text: str) -> str:
        """Why something is asked of these sizes."""
        wanted = {symbol for source, symbol in self.symbols.items() if source in text}
        return self._first(lambda found: found == wanted) or self._first(lambda found: bool(found & wanted))

    def _first(self, concerns: Callable[[set[str]], bool]) -> str:
        for text, place in self.notes.assumed:
            if place is not None and concerns(set(_SYMBOL.findall(text))):
                return told(place)
        return ""


def told(place: Place) -> str:
    """What a line does that asks something of a size."""
    code = linecache.getline(place.path, place.line).strip()
    where = f"{PurePath(place.path).name}:{place.line}"
    if code.startswith(("for ", "async for ")) or re.search(r"\bfor \w+ in\b", code):
        return f"{LOOP} {where} runs once for each entry"
    if code.startswith(("if ", "elif ", "while ")) or re.search(r"\bif .+ else\b", code):
        return f"{BRANCH} {where} goes another way elsewhere"
    if code.startswith(("assert ", "raise ")):
        return f"the check at {where} refuses it elsewhere"
    return f"`{code}` at {where} needs it" if code else f"{where} needs it"
