"""Functions marked as traced, called from compiled code, and scripted functions called from traces."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, script, traced
from scriptkit.live.programs import is_compiled

FACTOR = 2.0


def _by_name(x: Tensor, y: Tensor) -> Tensor:
    """Nothing the compiler knows: the operator is looked up by its name."""
    found: Tensor = getattr(torch, "mul")(x, y) * FACTOR  # noqa: B009
    return found.relu()


by_name = traced(_by_name, (torch.ones(3, 4), torch.ones(3, 4)))


@script
def branches(x: Tensor) -> Tensor:
    if bool(x.sum() > 0):
        return by_name(x, x + 1)
    return by_name(x, x - 1)


@script
def steps(x: Tensor) -> Tensor:
    for _ in range(x.size(0)):
        x = x * 2 if bool(x.sum() > 0) else x + 1
    return x


class Calls(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return by_name(x, branches(x))


class Unscriptable(nn.Module):
    def forward(self, x: Tensor, **options: Any) -> Tensor:
        return steps(x) + 1


def inputs() -> list[Tensor]:
    return [torch.ones(5, 2), -torch.ones(2, 2), torch.linspace(-3, 2, 12).reshape(4, 3)]


def test_a_scripted_function_calls_a_traced_one() -> None:
    for x in inputs():
        expected = _by_name(x, x + 1 if bool(x.sum() > 0) else x - 1)
        assert torch.equal(branches(x), expected)


def test_a_scriptable_module_calls_a_traced_function_also_after_loading() -> None:
    net = Calls()
    file = io.BytesIO()
    net.save(file)
    file.seek(0)
    loaded = scriptkit.load(file)
    for x in inputs():
        with scriptkit.eager():
            expected = net(x)
        assert torch.equal(net(x), expected)
        assert torch.equal(loaded(x), expected)
    assert not scriptkit.report(net).eager_calls


def test_a_trace_keeps_the_control_flow_of_a_scripted_function() -> None:
    compiled = scriptkit.compile(traced(Unscriptable()), (torch.ones(3, 2),))
    form = scriptkit.to_torchscript(compiled)
    assert is_compiled(form)
    for x in inputs():
        assert torch.equal(compiled(x), Unscriptable()(x))
        assert torch.equal(form(x), Unscriptable()(x))


def test_a_changed_global_of_a_traced_function_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.ones(2, 2)
    before = branches(x)
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    assert torch.equal(branches(x), before / 2 * 5)


def test_a_traced_function_that_bakes_a_value_is_refused_with_its_line() -> None:
    wrong: Any = traced(lambda x: x * x.sum().item(), (torch.ones(3),))

    @script
    def calls(x: Tensor) -> Tensor:
        made: Tensor = wrong(x)
        return made

    with pytest.raises(scriptkit.TraceHazardError, match=r"x\.sum\(\)\.item\(\)"):
        calls(torch.ones(3))


@pytest.mark.parametrize(
    ("function", "example", "words"),
    [
        (lambda x: x, None, "example_inputs"),
        (lambda x, n: x * n, (torch.ones(3), 2), "takes more than tensors"),
        (lambda x: {"a": x, "b": (x,)}, (torch.ones(3),), "returns more than tensors"),
    ],
)
def test_a_function_that_cannot_be_traced_for_compiled_code_says_why(function: Any, example: Any, words: str) -> None:
    marked = traced(function, example)

    @script
    def calls(x: Tensor) -> Tensor:
        made: Tensor = marked(x)
        return made

    with pytest.raises(scriptkit.CompilationError, match=words):
        calls(torch.ones(3))
