"""The operators that branches and loops become, one by one, on the installed torch: values, exported, and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.engines.export import control_flow as flow
from scriptkit.engines.export import torch_names


class Calling(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def exported(function: Callable[[Tensor], Any], example: Tensor) -> Callable[[Tensor], Any]:
    auto = torch_names.auto()
    program = torch_names.export(Calling(function), (example,), {}, {"x": dict.fromkeys(range(example.dim()), auto)})
    return torch_names.runnable(program)


def branch(x: Tensor) -> tuple[Any, ...]:
    return flow.cond(flow.truth(x.sum() > 0), lambda: (x * 2, 3), lambda: (x - 1, 4), "ti")


def rounds(x: Tensor) -> Tensor:
    (value,) = flow.loop(lambda y: flow.truth(y.sum() < 10), lambda y: (y * 2 + 1,), (x,), "t")
    return value  # type: ignore[no-any-return]


def summed(x: Tensor) -> Tensor:
    (value,), _ = flow.each(x.size(0), lambda i, total: ((total + flow.pick(x, i, (0,)),), ()), (x[0] * 0,), "t", [])
    return value  # type: ignore[no-any-return]


def stacked(x: Tensor) -> Tensor:
    def body(i: Any, state: Tensor) -> tuple[tuple[Tensor], tuple[Tensor]]:
        new = (state + flow.pick(x, i, (0,))).tanh()
        return (new,), (new,)

    _, (rows,) = flow.each(x.size(0), body, (x[0] * 0,), "t", [[]])
    return flow.stack(rows)


EXAMPLE = torch.rand(4, 3) + 1


@pytest.mark.parametrize("function", [branch, rounds, summed, stacked])
@pytest.mark.parametrize("length", [1, 4, 7])
def test_what_is_kept_gives_what_python_gives(function: Callable[[Tensor], Any], length: int) -> None:
    program = exported(function, EXAMPLE)
    for sign in (1.0, -1.0):
        x = torch.rand(length, 3) * sign
        if function is rounds and sign < 0:
            continue  # it would never end
        torch.testing.assert_close(program(x), expected(function, x))


def expected(function: Callable[[Tensor], Any], x: Tensor) -> Any:
    """The same in plain Python."""
    if function is branch:
        return (x * 2, 3) if x.sum() > 0 else (x - 1, 4)
    if function is rounds:
        while x.sum() < 10:
            x = x * 2 + 1
        return x
    if function is summed:
        return x.sum(0)
    state, found = x[0] * 0, []
    for row in x:
        state = (state + row).tanh()
        found.append(state)
    return torch.stack(found)


@pytest.mark.parametrize("function", [branch, stacked])
def test_branches_and_scans_have_the_gradients_of_python(function: Callable[[Tensor], Any]) -> None:
    with torch.enable_grad():
        program = exported(function, EXAMPLE)
    gradients = []
    for form in (program, lambda x: expected(function, x)):
        x = torch.rand(4, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
        result = form(x)
        (result[0] if isinstance(result, tuple) else result).sin().sum().backward()
        gradients.append(x.grad)
    torch.testing.assert_close(gradients[0], gradients[1])


def test_what_is_known_is_decided_while_exporting() -> None:
    assert flow.cond(True, lambda: (1,), lambda: (2,), "i") == (1,)
    assert flow.loop(lambda n: n < 3, lambda n: (n + 1,), (0,), "i") == (3,)
    carried, lists = flow.each(3, lambda i, total: ((total + i,), (i,)), (0,), "i", [[]])
    assert (carried, lists) == ((3,), [[0, 1, 2]])
    assert flow.both(True, False) is False
    assert flow.either(False, True) is True


def test_an_assertion_on_data_is_kept() -> None:
    def checked(x: Tensor) -> Tensor:
        flow.refuse_if(flow.truth(x.isnan().any()), "not a number")
        return x + 1

    program = exported(checked, EXAMPLE)
    assert torch.equal(program(torch.ones(2, 3)), torch.full((2, 3), 2.0))
    with pytest.raises(RuntimeError, match="not a number"):
        program(torch.full((2, 3), float("nan")))


def test_a_value_that_no_operator_carries_is_refused() -> None:
    with pytest.raises(flow.NotCarriedError, match="neither a tensor nor a number"):
        flow.cond(torch.tensor(1.0) > 0, lambda: (None,), lambda: (1,), "?")
    with pytest.raises(flow.NotCarriedError, match="more than 500 rounds"):
        flow.loop(lambda n: True, lambda n: (n,), (0,), "i")
