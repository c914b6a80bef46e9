"""Nothing counts as exported before it gave what the method gives.

The same values and others, three calls in a row with the buffers compared, other sizes, gradients. Where the program
raises and the method does not, that is a limit, which is told; where it gives something else it is refused. Sizes 0 and
1 are special: torch.export assumes that a free dimension has neither, so they are let in only where they were right.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.exporting.dimensions import BRANCH, with_dimension
from scriptkit.compiling.exporting.running import Program, words
from scriptkit.engines.export import raw_errors, remarks, torch_names
from scriptkit.engines.export.inputs import NumberInput, TensorInput
from scriptkit.engines.export.older_torch import sizes_kept
from scriptkit.engines.export.programs import ProgramInputError
from scriptkit.live.nested import build
from scriptkit.live.variations import NEAR, Example, perturbations, sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scriptkit.compiling.exporting.running import Original, Run
    from scriptkit.engines.export.inputs import Input
    from scriptkit.engines.export.programs import MethodProgram
    from scriptkit.live.variations import Perturbation

_EXAMPLE = "the example inputs"
_GRADIENTS = "gradients"
_SPECIAL = 2
"""Sizes below it torch.export takes for constants."""


class DifferentError(Exception):
    """A program gives something else than the method; `axes` are those whose sizes were changed, if any."""

    def __init__(self, text: str, axes: frozenset[tuple[int, int]] = frozenset()) -> None:
        super().__init__(text)
        self.axes = axes


@dataclass
class Verdict:
    """What the comparison showed: what was compared, what the program refuses, the smallest sizes that were right.

    `elsewhere` are calls that the method takes, and that lie beyond a branch on a size that the program has not.
    `records_gradients` is false for a program that raises while gradients are recorded.
    """

    compared: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    least: dict[tuple[int, int], int] = field(default_factory=dict)
    no_gradients: str = ""
    records_gradients: bool = True
    elsewhere: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)


@dataclass
class _Change:
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    axes: frozenset[tuple[int, int]] = frozenset()


def verify(
    program: MethodProgram, original: Original, args: tuple[Any, ...], kwargs: dict[str, Any], rows: Sequence[Run]
) -> Verdict:
    """Compare a program with its method; `rows` are the method's three calls in a row.

    Raises DifferentError where they differ. What the program is told afterwards (the least sizes) is in its inputs.
    """
    verification = _Verification(Program(program), original)
    verification.compare_row(rows, args, kwargs)
    verification.compare_gradients(args, kwargs)
    changes = _Changes(program, args, kwargs)
    for change in (*changes.of_values_and_sizes(), *changes.of_numbers()):
        verification.compare(change)
    for change in changes.beyond():
        verification.look_elsewhere(change)
    for size in (1, 0):
        for change in changes.cut_to(size):
            verification.compare_small(change, size)
    changes.let_in(verification.verdict)
    program.compared = tuple(verification.verdict.compared)
    return verification.verdict


class _Verification:
    def __init__(self, program: Program, original: Original) -> None:
        self.program = program
        self.original = original
        self.verdict = Verdict()
        self.wrong_below: dict[tuple[int, int], int] = {}

    def compare_row(self, rows: Sequence[Run], args: Any, kwargs: Any) -> None:
        """Several calls in a row, and the buffers after each."""
        with self.program.kept():
            for number, expected in enumerate(rows):
                name = f"call {number + 1}" if number else _EXAMPLE
                actual = self.program.run(args, kwargs)
                if actual.error is not None:
                    raise DifferentError(f"{name}: the program raises {words(actual.error)}") from actual.error
                self._accept(name, expected, actual)

    def compare_gradients(self, args: Any, kwargs: Any) -> None:
        """Gradients of parameters and arguments, where the method has any.

        torch prepares for gradients that nobody asks for, too, and cannot always.
        """
        expected = self.original.run(args, kwargs, gradients=True)
        if expected.error is not None:
            return
        sizes = sizes_kept(self.program.program.program)
        with self.program.kept(), sizes, remarks.quiet():  # torch writes pages of what it cannot prepare
            actual = self.program.run(args, kwargs, gradients=True)
        self.verdict.records_gradients = actual.error is None
        if all(found is None for found in expected.gradients.values()):
            return
        if actual.error is not None:
            self.verdict.no_gradients = f"torch cannot compute them ({raw_errors.quoted(actual.error)})"
            return
        found = list(expected.differences(actual))
        if found:
            self.verdict.no_gradients = f"{found[0].path}: {found[0].what}"
        else:
            self.verdict.compared.append(_GRADIENTS)

    def compare(self, change: _Change) -> bool:
        """One changed call; False where either raises."""
        expected = self.original.run(change.args, change.kwargs)
        if expected.error is not None:
            return False
        with self.program.kept():
            actual = self.program.run(change.args, change.kwargs)
        if actual.error is not None:
            if not isinstance(actual.error, ProgramInputError):
                self.verdict.limits.append(f"{change.name}: {words(actual.error)}")
            elif is_out_of_range(self.program.program, change.args, change.kwargs):
                self.verdict.elsewhere.append((change.args, change.kwargs))
            return False  # what the inputs say is said already
        self._accept(change.name, expected, actual, change.axes)
        return True

    def look_elsewhere(self, change: _Change) -> None:
        """A call beyond a branch on a size, where the method takes it."""
        program, args, kwargs = self.program.program, change.args, change.kwargs
        is_beyond = bool(program.fitted(args, kwargs)[1]) and is_out_of_range(program, args, kwargs)
        if is_beyond and self.original.run(args, kwargs).error is None:
            self.verdict.elsewhere.append((args, kwargs))

    def compare_small(self, change: _Change, size: int) -> None:
        """A size that torch.export assumes away: right, or not let in."""
        try:
            is_right = self.compare(change)
        except DifferentError:
            for axis in change.axes:
                self.wrong_below[axis] = size + 1
            return
        if is_right:
            for axis in change.axes:
                if self.verdict.least.get(axis, 1) >= size and self.wrong_below.get(axis, 0) <= size:
                    self.verdict.least[axis] = size

    def _accept(self, name: str, expected: Run, actual: Run, axes: frozenset[tuple[int, int]] = frozenset()) -> None:
        found = list(expected.differences(actual))
        if found:
            raise DifferentError(f"{name}: {found[0].path}: {found[0].what}", axes)
        self.verdict.compared.append(name)


def is_out_of_range(program: MethodProgram, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call fits but for ranges and guards: a program of the other side of a branch may take it."""
    try:
        values, _ = program.convention.leaves(args, kwargs)
    except TypeError:
        return False
    return not any(_is_fixed(one, value, values) for one, value in zip(program.inputs, values, strict=True))


def _is_fixed(one: Input, value: Any, values: Sequence[Any]) -> bool:
    if not isinstance(one, TensorInput):
        return not isinstance(one, NumberInput) and next(one.misfits(value, (), ()), "") != ""
    for it, size in zip(one.dimensions, value.shape, strict=True):
        is_other = it.to is not None and values[it.to[0]].shape[it.to[1]] != size
        if is_other or (it.kind == "fixed" and it.size != size) or (size < _SPECIAL and size != it.size):
            return True
    return False


def _has_branch(program: MethodProgram) -> bool:
    """Whether the code, or torch in it, goes another way elsewhere; a lowered program does not say which line does."""
    dimensions = [it for one in program.inputs if isinstance(one, TensorInput) for it in one.dimensions]
    reasons = [*(it.reason for it in dimensions), *(guard.message for guard in program.guards)]
    is_within_torch = any(guard.op == "!=" and isinstance(guard.right, dict) for guard in program.guards)
    is_lowered = program.route == "lowered" and bool(program.guards)
    return is_lowered or is_within_torch or any(BRANCH in reason for reason in reasons)


class _Changes:
    """Other calls made from the example; axes are numbered as the inputs of the program are."""

    def __init__(self, program: MethodProgram, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.program = program
        self.args, self.kwargs = args, kwargs
        self.example = Example.of(args, kwargs)
        self.tensors = [number for number, one in enumerate(program.inputs) if isinstance(one, TensorInput)]
        self.each = not self.example.is_large

    def of_values_and_sizes(self) -> Iterator[_Change]:
        """Other values, and larger sizes."""
        if self.tensors:
            for change in perturbations(self.example, large=not self.each):
                if not change.name.endswith("cut to one"):
                    yield self._change(change)

    def beyond(self) -> Iterator[_Change]:
        """Sizes near those of the example, where a branch on a size leaves the program a part of them."""
        if self.each and _has_branch(self.program):
            for change in sizes(self.example, NEAR, each=False):
                yield self._change(change)

    def cut_to(self, size: int) -> Iterator[_Change]:
        """One or none of what there were more of."""
        for change in sizes(self.example, ("cut to one",), each=self.each):
            if size == 1:
                yield self._change(change)
                continue
            tensors = list(change.example.tensors)
            for number, dimension in change.axes:
                tensors[number] = tensors[number].narrow(dimension, 0, 0)
            name = change.name.replace("cut to one", "cut to nothing")
            yield self._change(self.example.changed(name, tensors, change.axes))

    def of_numbers(self) -> Iterator[_Change]:
        """Other whole numbers, where the program takes them."""
        for number, one in enumerate(self.program.inputs):
            if isinstance(one, NumberInput):
                for value in (one.value + 1, one.value + 2, one.value - 1, 1, 0, -one.value):
                    values, _ = self.program.convention.leaves(self.args, self.kwargs)
                    values[number] = value
                    args, kwargs = build(self.program.convention.structure, values)
                    if value >= 0 or not self.program.fitted(args, kwargs)[1]:
                        yield _Change(f"{one.name} = {value}", args, kwargs)

    def _change(self, change: Perturbation) -> _Change:
        axes = frozenset((self.tensors[number], dimension) for number, dimension in change.axes)
        return _Change(change.name, change.args, change.kwargs, axes)

    def let_in(self, verdict: Verdict) -> None:
        """Set the least size of every free dimension to the smallest that was right; the example is right."""
        for number, tensor in zip(self.tensors, self.example.tensors, strict=True):
            for place, size in enumerate(tensor.shape):
                if size < verdict.least.get((number, place), 2):
                    verdict.least[number, place] = size
        for number, one in enumerate(self.program.inputs):
            if isinstance(one, TensorInput):
                for place, dimension in enumerate(one.dimensions):
                    if dimension.kind != "fixed":
                        self._limit(number, place, verdict.least)

    def _limit(self, number: int, place: int, least: Mapping[tuple[int, int], int]) -> None:
        one = self.program.inputs[number]
        assert isinstance(one, TensorInput)  # noqa: S101 - asked by the caller
        dimension = one.dimensions[place]
        smallest = least.get((number, place), min(2, dimension.size))
        if smallest <= dimension.least:
            return
        reason = dimension.reason
        if smallest == 2:  # noqa: PLR2004 - the least that torch.export assumes
            reason = reason or "a size of 1 was not found to give the same"
        made = with_dimension(one, place, replace(dimension, least=smallest, reason=reason))
        self.program.inputs = (*self.program.inputs[:number], made, *self.program.inputs[number + 1 :])
        refused = [size for size in (0, 1) if size < smallest]
        source = f"{self.program.convention.sources[number]}.size()[{place}]"
        torch_names.add_guards(self.program.program, [f"{source} != {size}" for size in refused])
