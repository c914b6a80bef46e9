"""Every compiled object asks the same gate: tensors, modes and hooks that need Python are seen everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

import scriptkit
from scriptkit import ScriptableModule, ScriptkitEagerWarning


class AddsThousand(Tensor):
    """A tensor that does its operations in a way of its own."""

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = super().__torch_function__(func, types, args, kwargs or {})  # type: ignore[no-untyped-call]
        return result + 1000 if func is torch.Tensor.mul else result


class Doubles(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2.0


class OwnDoubles(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2.0


@scriptkit.script
def doubles(x: Tensor) -> Tensor:
    return x * 2.0


class Counting(TorchFunctionMode):
    """Counts the functions that are called under it."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))


def compiled(kind: str) -> Callable[[Tensor], Tensor]:
    if kind == "own":
        return OwnDoubles()
    if kind == "function":
        return doubles
    made: Callable[[Tensor], Tensor] = scriptkit.compile(Doubles(), (torch.ones(1),), modes={"": kind})
    return made


KINDS = ["own", "script", "lowered", "trace", "function"]


@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_tensor_that_acts_for_itself(kind: str) -> None:
    net = compiled(kind)
    x = torch.ones(1).as_subclass(AddsThousand)
    for _ in range(12):
        assert net(torch.ones(1)).item() == 2.0
    result = net(x)
    assert result.as_subclass(Tensor).item() == Doubles()(x).as_subclass(Tensor).item()
    assert net(torch.ones(1)).item() == 2.0


@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_function_mode_sees_the_calls(kind: str) -> None:
    net = compiled(kind)
    net(torch.ones(1))
    with Counting() as counting:
        net(torch.ones(1))
    assert counting.count >= 1


@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
@pytest.mark.parametrize("kind", ["own", "script", "lowered", "trace"])
def test_a_hook_on_all_modules_runs(kind: str) -> None:
    net = compiled(kind)
    seen: list[str] = []
    handle = nn.modules.module.register_module_forward_hook(lambda module, *_: seen.append(type(module).__name__))
    try:
        net(torch.ones(1))
    finally:
        handle.remove()
    assert ("OwnDoubles" if kind == "own" else "Doubles") in seen


@pytest.mark.parametrize("kind", ["script", "lowered", "trace", "own"])
def test_the_warning_names_the_users_line_and_is_said_once(kind: str) -> None:
    net = compiled(kind)
    x = torch.ones(1).as_subclass(AddsThousand)
    with pytest.warns(ScriptkitEagerWarning, match="runs as Python here") as told:
        [net(x) for _ in range(3)]
    assert [entry.filename for entry in told] == [__file__]
    assert scriptkit.report(net).eager_calls  # type: ignore[arg-type]
    assert sum(scriptkit.report(net).eager_calls.values()) == 3  # type: ignore[arg-type]
