"""The operators that branches and loops become, one by one, on the installed torch: values, exported, and gradients."""

from __future__ import annotations

import itertools
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


def behind(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows behind a row, another behind them; then a loop over all, which reads them in their order."""
    _, (rows,) = flow.each(x, lambda row: ((), (row * 2,)), (), "", [[x[0]]])
    rows.append(x[0] - 1)
    joined = [x[0]] + rows.copy()  # noqa: RUF005 - lists are added
    joined.extend(flow.unbind(x))
    joined += flow.unbind(x) + [x[0]]  # noqa: RUF005
    (total,), _ = flow.each(joined, lambda row, state: ((state.tanh() + row,), ()), (x[0] * 0,), "t", [])
    return flow.stack(rows), total


def later(x: Tensor) -> Tensor:
    def body(i: Any, total: Tensor) -> tuple[tuple[Tensor], tuple[()]]:
        return (total + flow.pick(x, i + 1, (0,)),), ()

    (value,), _ = flow.each(flow.rounds(1, x.size(0)), body, (x[0] * 0,), "t", [])
    return value  # type: ignore[no-any-return]


EXAMPLE = torch.rand(4, 3) + 1


@pytest.mark.parametrize("function", [branch, rounds, summed, stacked, behind, later])
def test_what_is_kept_gives_what_python_gives(function: Callable[[Tensor], Any]) -> None:
    program = exported(function, EXAMPLE)
    for length, sign in itertools.product((1, 4, 7), (1.0, -1.0)):
        x = torch.rand(length, 3) * sign
        if (function is rounds and sign < 0) or (function is later and length == 1):
            continue  # it would never end; no operator of torch scans nothing
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
    if function is later:
        return x[1:].sum(0)
    if function is behind:
        rows = [x[0], *(row * 2 for row in x), x[0] - 1]
        total = x[0] * 0
        for row in [x[0], *rows, *x, *x, x[0]]:
            total = total.tanh() + row
        return torch.stack(rows), total
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
    assert (flow.rounds(2, 5), flow.rounds(5, 2), int(flow.rounds(2, torch.tensor(4)))) == (3, 0, 2)
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


def test_an_assertion_on_a_size_is_kept() -> None:
    def checked(x: Tensor) -> Tensor:
        flow.refuse_if(x.size(0) > 9, "too many")
        flow.refuse_if(x.size(1) == 0, "none")
        return x + 1

    program = exported(checked, EXAMPLE)
    assert torch.equal(program(torch.ones(9, 2)), torch.full((9, 2), 2.0))
    with pytest.raises((RuntimeError, AssertionError)):
        program(torch.ones(10, 2))
    with pytest.raises(RuntimeError, match="never"):
        flow.refuse_if(True, "never")


def test_a_list_that_grows_while_its_rounds_are_known_is_a_list() -> None:
    carried, lists = flow.growing(lambda n, rows: n + len(rows) < 5, lambda n, rows: ((n + 1,), (n,)), (0,), "i", [[7]])
    assert (carried, lists) == ((2,), [[7, 0, 1]])


def test_a_value_that_no_operator_carries_is_refused() -> None:
    with pytest.raises(flow.NotCarriedError, match="neither a tensor nor a number"):
        flow.cond(torch.tensor(1.0) > 0, lambda: (None,), lambda: (1,), "?")
    with pytest.raises(flow.NotCarriedError, match="more than 500 rounds"):
        flow.loop(lambda n: True, lambda n: (n,), (0,), "i")
