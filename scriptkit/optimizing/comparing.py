"""Is a candidate what eager code is? On the example and on other values and sizes, several calls in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import switches
from scriptkit.engines.torchscript.engine import errors
from scriptkit.live.comparison import TOLERANCES, Difference, Tolerance, compare
from scriptkit.live.nested import flatten
from scriptkit.live.side_by_side import is_refusal, run
from scriptkit.live.variations import Example, perturbations
from scriptkit.verification.comparing import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor, nn

    from scriptkit.live.side_by_side import Given, Run

CALLS_OF_THE_EXAMPLE, CALLS_OF_A_CHANGE = 4, 2
"""The first calls are watched, and run before anything is fused: what is compared has to be what runs later."""
_NEAR_ZERO = 1e-2
_PARTS = ("result", "arguments", "generator")


@dataclass(frozen=True)
class Call:
    """One call that eager code takes, how often it is made in a row, and what eager code gave each time."""

    name: str
    method: str
    given: Given
    expected: tuple[Run, ...]


class Expectation:
    """What eager code gives, call by call; `unlike` says why nothing can be compared with it."""

    def __init__(self, eager: Callable[[], nn.Module], example: Example, methods: Sequence[str]) -> None:
        self.unlike = ""
        life, again = eager(), eager()
        calls = list(_calls(life, example, methods))
        first = calls[0].expected[0]
        if first.error is not None:
            raise first.error
        for call in calls:
            repeated = _runs(again, call)
            found = next(filter(None, map(_unlike, call.expected, repeated)), None)
            if found is not None and not self.unlike:
                self.unlike = f"two eager runs differ from one another ({call.name}: {found})"
        self.calls = [call for call in calls if call.expected[0].error is None]


def _unlike(one: Run, other: Run) -> str | None:
    found = next(iter(one.differences(other, Tolerance(0.0, 0.0), _PARTS)), None)
    return None if found is None else f"{found.path}: {found.what}"


def _calls(life: nn.Module, example: Example, methods: Sequence[str]) -> Iterator[Call]:
    """The example, its changes, and exported methods with its arguments or none; what eager code refuses is left."""
    unchanged = example.changed("the example", example.tensors)
    given: Given = (unchanged.args, unchanged.kwargs)
    yield _expected(life, "the example", "forward", given, CALLS_OF_THE_EXAMPLE)
    for change in perturbations(example, large=example.is_large):
        yield _expected(life, change.name, "forward", (change.args, change.kwargs), CALLS_OF_A_CHANGE)
    for name in methods:
        for arguments in (((), {}), given):
            yield _expected(life, f"`{name}`", name, arguments, CALLS_OF_A_CHANGE)


def _expected(life: nn.Module, name: str, method: str, given: Given, times: int) -> Call:
    with switches.eager():
        runs = [run(_method(life, method), given)]
        if runs[0].error is None:
            runs += [run(_method(life, method), given) for _ in range(times - 1)]
    return Call(name, method, given, tuple(runs))


def _runs(life: nn.Module, call: Call) -> list[Run]:
    with switches.eager():
        return [run(_method(life, call.method), call.given) for _ in call.expected]


def _method(life: Any, name: str) -> Callable[..., Any]:
    """`forward` by a call of the module, which runs its hooks."""
    found: Callable[..., Any] = life if name == "forward" else getattr(life, name)
    return found


def difference(program: torch.jit.ScriptModule, expectation: Expectation, tolerance: Tolerance | None) -> str:
    """Where a program is not what eager code is, in words; empty where it is the same everywhere."""
    for call in expectation.calls:
        for number, expected in enumerate(call.expected):
            actual = run(_method(program, call.method), call.given)
            if actual.error is not None:
                if call.name != "the example" and is_refusal(actual.error, errors.refused):
                    break  # a trace says that it was not made for this
                return f"{call.name}: it raises {told(actual.error)}"
            found = _first_difference(expected, actual.in_types_of(expected), tolerance)
            if found is not None:
                turn = f", call {number + 1}" if number else ""
                return f"{call.name}{turn}: {found.path}: {found.what}"
    return ""


def _first_difference(expected: Run, actual: Run, tolerance: Tolerance | None) -> Difference | None:
    found = _in_numbers(expected.result, actual.result, tolerance)
    if found is not None:
        return found
    tensors = expected.arguments[0], actual.arguments[0]  # compiled code gets copies of lists and dictionaries
    others = [*compare(*tensors, tolerance, "arguments afterwards")]
    others += compare(expected.generator, actual.generator, None, "random numbers drawn")
    return next(iter(others), None) or _memory(expected, actual)


def _memory(expected: Run, actual: Run) -> Difference | None:
    """Who reads a result by its address counts on the layout that eager code gives it."""
    for number, (one, other) in enumerate(zip(expected.relations, actual.relations, strict=True)):
        if one.endswith(" contiguous") and not other.endswith(" contiguous"):
            return Difference(f"memory of output {number}", "contiguous became with strides of its own")
    return None


def _in_numbers(expected: Any, actual: Any, tolerance: Tolerance | None) -> Difference | None:
    """The first real difference of two results.

    Where sums are made in another order, elements near zero are off by what is nothing beside the largest one: without
    a tolerance of the user's, tensors are measured by their largest element.
    """
    differences = compare(expected, actual, tolerance)
    ours, theirs = flatten(expected)[0], flatten(actual)[0]
    pairs = list(zip(ours, theirs, strict=False))
    if tolerance is not None or len(ours) != len(theirs) or any(one.dtype != other.dtype for one, other in pairs):
        return differences[0] if differences else None
    if differences and not all(one.largest for one in differences):
        return next(one for one in differences if not one.largest)  # more than numbers
    return next((found for found in map(_by_the_largest, pairs) if found is not None), None)


def _by_the_largest(pair: tuple[Tensor, Tensor]) -> Difference | None:
    one, other = (tensor.detach() for tensor in pair)
    if one.dtype not in TOLERANCES or one.layout != torch.strided or one.device.type == "meta" or not one.numel():
        found = compare(one, other)
        return found[0] if found else None
    finite = one.isfinite()
    largest = float(one[finite].abs().max()) if bool(finite.any()) else 0.0
    rtol, atol = TOLERANCES[one.dtype]
    allowed = max(rtol * largest, min(atol, _NEAR_ZERO * largest)) or atol
    found = compare(one, other, Tolerance(rtol, allowed))
    return found[0] if found else None


def example_of(given: Given) -> Example:
    """The arguments of a call, so that they can be changed."""
    return Example.of(*given)
