"""Functions outside of classes: called from compiled code, under `@script`, in traces, and in ways that cannot work."""

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled

LIMIT = float("inf")
NOTHING = float("nan")


def doubling(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def inner(x: Tensor) -> Tensor:
        return function(x) * 2

    return inner


@doubling  # scriptkit: allow[decorated-method]
def decorated(x: Tensor) -> Tensor:
    return x + 1


def tripling(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    @functools.wraps(function)
    def inner(x: Tensor) -> Tensor:
        return function(x) * 3

    return inner


@tripling  # scriptkit: allow[decorated-method]
def disguised(x: Tensor) -> Tensor:
    return x + 1


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]
def without_gradient(x: Tensor) -> Tensor:
    return x + 1


@torch.jit.script_if_tracing  # type: ignore[untyped-decorator, unused-ignore]
def scripted_in_traces(x: Tensor) -> Tensor:
    return x + 1


def even(n: int) -> bool:
    return True if n == 0 else odd(n - 1)


def odd(n: int) -> bool:
    return False if n == 0 else even(n - 1)  # scriptkit: allow[recursion]


@scriptkit.script
def scaled(x: Tensor, n: int = 2) -> Tensor:
    return x * n if bool(x.sum() > 0) else x


class Limited(ScriptableModule):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.clamp(max=LIMIT), x * NOTHING


class Gradients(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return without_gradient(x * self.weight), scripted_in_traces(x * self.weight)


class Decorated(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return decorated(x)


@pytest.mark.parametrize("cls", [Limited, Gradients, Decorated])
def test_what_a_module_takes_from_its_file(cls: type[ScriptableModule]) -> None:
    net, plain = twins(cls)
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_a_decorator_whose_function_passes_for_another_is_an_error_at_its_line() -> None:
    class Disguised(ScriptableModule):
        def forward(self, x: Tensor) -> Tensor:
            return disguised(x)

    with pytest.raises(CompilationError) as caught:
        Disguised()
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.path == __file__
    assert "decorator" in diagnostic.message


def test_functions_that_call_each_other_without_end_are_told() -> None:
    class Mutual(ScriptableModule):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2 if even(4) else x

    with pytest.raises(CompilationError) as caught:
        Mutual()
    assert "calls itself" in str(caught.value) or "recursive" in str(caught.value)
    assert __file__ in str(caught.value)


def test_a_script_function_keeps_its_control_flow_in_a_trace() -> None:
    traced = torch.jit.trace(lambda x: scaled(x) + 1, (torch.ones(2),))
    assert_same(traced(torch.ones(2)), torch.full((2,), 3.0))
    assert_same(traced(-torch.ones(2)), torch.zeros(2))


@scriptkit.script
def times(x: Tensor, n: int = 2) -> Tensor:
    return x * n


def test_a_script_function_that_takes_a_number_is_traced_as_python() -> None:
    """A number that crosses into the compiled function would be a constant of the trace all the same."""
    traced: Any = torch.jit.trace(lambda x: times(x, 5) + 1, (torch.ones(2),))
    assert_same(traced(torch.ones(2)), torch.full((2,), 6.0))


def test_a_script_function_follows_autocast_and_fx() -> None:
    @scriptkit.script
    def product(x: Tensor) -> Tensor:
        return x @ x

    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert product(torch.eye(2)).dtype is torch.bfloat16
    assert product(torch.eye(2)).dtype is torch.float32
    found = torch.fx.symbolic_trace(product)
    assert [node.op for node in found.graph.nodes] == ["placeholder", "call_function", "output"]


def test_numbers_that_are_no_numbers_stay() -> None:
    assert math.isnan(float(Limited()(torch.ones(1))[1]))
