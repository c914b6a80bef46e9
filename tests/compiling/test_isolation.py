"""Recording, tracing and comparing leave the user's module and the process as they were, also when interrupted."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.tracing.trial import try_trace
from scriptkit.live.copies import copy_tree
from scriptkit.live.recorded_calls import record_examples
from tests.compiling import hazardous_models, safe_models


def state_of_the_world(module: nn.Module) -> list[Any]:
    """Everything that running a module could change, in comparable form."""
    tensors = {
        name: (id(t), t._version, t.detach().clone().tolist()) for name, t in module.state_dict(keep_vars=True).items()
    }
    parts = [
        (name, part.training, sorted(part.__dict__), len(part._forward_hooks)) for name, part in module.named_modules()
    ]
    plain = [
        (n, k, repr(v)) for n, p in module.named_modules() for k, v in p.__dict__.items() if isinstance(v, (int, list))
    ]
    return [
        tensors,
        parts,
        plain,
        torch.get_rng_state().tolist(),
        random.getstate(),
        str(np.random.get_state()),  # noqa: NPY002
        list(warnings.filters),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        [str(t) for t in torch.jit._recursive.concrete_type_store.type_store],
        torch.jit._trace._trace_module_map,
        torch._C._get_graph_executor_optimize(),
        torch._C._len_torch_function_stack(),
        torch._C._get_tracing_state(),
    ]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("case", [safe_models.CASES[0], safe_models.CASES[19]], ids=lambda case: case.name)
def test_a_trial_changes_nothing(case: safe_models.SafeCase, training: bool) -> None:
    module = case.make().train(training)
    before = state_of_the_world(module)
    try_trace(module, case.inputs())
    record_examples(module, case.inputs())
    assert state_of_the_world(module) == before


@pytest.mark.parametrize("make", [hazardous_models.Counter, hazardous_models.Remembers])
def test_a_trial_of_a_module_with_state_changes_nothing(make: type[nn.Module]) -> None:
    module = make()
    before = state_of_the_world(module)
    try_trace(module, (torch.ones(5, 4),))
    assert state_of_the_world(module) == before


class Interrupted(nn.Module):
    """Draws, writes, and is interrupted at its n-th call."""

    calls = 0

    def __init__(self, at: int) -> None:
        super().__init__()
        self.bn, self.at, self.notes = nn.BatchNorm1d(4), at, [0]

    def forward(self, x: Tensor) -> Tensor:
        type(self).calls += 1
        self.notes.append(1)
        y: Tensor = self.bn(x) + torch.rand(1) * random.random()
        for row in x:
            y = y + row
        if type(self).calls >= self.at:
            raise KeyboardInterrupt
        return y


@pytest.mark.parametrize("at", range(1, 8))
def test_an_interrupted_trial_changes_nothing(at: int) -> None:
    Interrupted.calls = 0
    module = Interrupted(at)
    before = state_of_the_world(module)
    with pytest.raises(KeyboardInterrupt):
        try_trace(module, (torch.ones(5, 4),))
    assert state_of_the_world(module) == before


def test_an_interrupted_recording_leaves_no_hooks() -> None:
    Interrupted.calls = 0
    module = nn.Sequential(Interrupted(1))
    before = state_of_the_world(module)
    with pytest.raises(KeyboardInterrupt):
        record_examples(module, (torch.ones(5, 4),))
    assert state_of_the_world(module) == before


def test_a_copy_shares_parameters_and_nothing_that_is_written() -> None:
    module = nn.Sequential(nn.BatchNorm1d(4), Interrupted(99))
    module.add_module("again", module[0])
    copy = copy_tree(module)
    assert type(copy[1]) is Interrupted
    assert copy[0].weight is module[0].weight
    assert copy[0].running_mean is not module[0].running_mean
    assert copy.again is copy[0]
    assert copy[1].notes == module[1].notes
    assert id(copy[1].notes) != id(module[1].notes)
