"""Which modules wait for other processes: nothing is tried with them in one process alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce

from scriptkit.live.other_processes import why_no_trial

pytestmark = pytest.mark.skipif(not distributed.is_gloo_available(), reason="torch without gloo")


class Sums(nn.Module):
    """Asks the others."""

    def forward(self, x: Tensor) -> Tensor:
        dist.all_reduce(x)
        return x


class SumsByName(nn.Module):
    """Asks the others by a function that keeps gradients."""

    def forward(self, x: Tensor) -> Tensor:
        return all_reduce(x)  # type: ignore[no-any-return]


class Gathers(nn.Module):
    """Has a method of a tensor that has the name of a collective."""

    def forward(self, x: Tensor) -> Tensor:
        return x.gather(0, x.long())


class Sharded(nn.Module):
    """Looks as FSDP2 leaves a module."""


@pytest.fixture
def _two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 2)


def tree(part: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), part)


@pytest.mark.usefixtures("_two")
@pytest.mark.parametrize("part", [Sums(), SumsByName(), nn.SyncBatchNorm(2)], ids=lambda part: type(part).__name__)
def test_what_calls_a_collective_is_not_tried(part: nn.Module) -> None:
    assert why_no_trial(tree(part)) == "`1` waits for the other processes, so that no form can be tried in one of them"


@pytest.mark.usefixtures("_two")
def test_a_hook_that_calls_a_collective_counts() -> None:
    module = nn.Linear(2, 2)

    def average(_: nn.Module, __: Any, result: Tensor) -> None:
        dist.all_reduce(result)

    module.register_forward_hook(average)
    assert why_no_trial(module) == (
        "`Linear` waits for the other processes, so that no form can be tried in one of them"
    )


@pytest.mark.usefixtures("_two")
def test_methods_of_tensors_are_no_collectives() -> None:
    assert why_no_trial(tree(Gathers())) is None


def test_alone_there_is_nobody_to_wait_for() -> None:
    assert why_no_trial(tree(Sums())) is None


def test_sharded_parameters_are_never_tried() -> None:
    part = Sharded()
    part.__class__ = type("FSDPSharded", (type("FSDPModule", (), {}), Sharded), {})
    assert "is sharded: compile before sharding" in (why_no_trial(tree(part)) or "")
    placed = nn.Linear(2, 2)
    placed.weight.device_mesh = "two"  # type: ignore[attr-defined]  # as a `DTensor` has
    assert (why_no_trial(placed) or "").startswith("`Linear` is sharded")
    assert torch.is_tensor(placed.weight)
