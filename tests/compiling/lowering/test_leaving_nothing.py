"""What lowering leaves behind: nothing, also when it is interrupted or runs in two threads at once."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import LoweredModule, lower
from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


class Net(nn.Module):
    steps: Tensor

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width)) for _ in range(3))
        self.register_buffer("steps", torch.zeros(1))
        self.options = {"scale": 2.0}

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x) * self.options["scale"]
        if self.training:
            self.steps.add_(1)
            x = nn.functional.dropout(x)
        return x


def state_of(model: nn.Module) -> list[Any]:
    held = [*model.named_parameters(), *model.named_buffers()]
    tensors = [(name, id(tensor), tensor._version, tensor.detach().clone()) for name, tensor in held]
    attributes = [(id(module), {key: id(value) for key, value in vars(module).items()}) for module in model.modules()]
    return [tensors, attributes, copy.deepcopy(getattr(model, "options", None)), torch.get_rng_state()]


def assert_untouched(model: nn.Module, before: list[Any]) -> None:
    tensors, attributes, options, states = state_of(model)
    for one, other in zip(before[0], tensors, strict=True):
        assert one[:3] == other[:3]
        assert torch.equal(one[3], other[3])
    assert (attributes, options) == (before[1], before[2])
    assert torch.equal(states, before[3])


def test_the_model_and_the_random_state_are_as_before() -> None:
    model, example = Net(), torch.randn(4, 3)
    before = state_of(model)
    lower(model, (example,))
    assert_untouched(model, before)


@pytest.mark.parametrize("steps", [1, 5, 12, 20])
def test_an_interruption_leaves_nothing_behind(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, example = Net(), torch.randn(4, 3)
    before = state_of(model)
    count = 0
    evaluate = Evaluator.expression

    def interrupted(self: Evaluator, *args: Any) -> Any:
        nonlocal count
        count += 1
        if count == steps:
            raise KeyboardInterrupt
        return evaluate(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "expression", interrupted)
        with pytest.raises(KeyboardInterrupt):
            lower(model, (example,))
    assert_untouched(model, before)
    model.eval()
    made = lower(model, (example,))
    made.form.eval()
    torch.testing.assert_close(made.run(example), model(example))


def test_two_threads_lower_two_models_at_once() -> None:
    models = [Net(3).eval(), Net(5).eval()]
    examples = [torch.randn(4, 3), torch.randn(4, 5)]
    made: dict[int, LoweredModule] = {}
    start = threading.Barrier(2)

    def work(number: int) -> None:
        start.wait()
        for _ in range(5):
            made[number] = lower(models[number], (examples[number],))
            made[number].form

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(2):
        torch.testing.assert_close(made[number].run(examples[number]), models[number](examples[number]))
