"""A life shares memory until it is written, keeps what tensors are to each other, and never reaches the module."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.live.lives import Lives, OwnTensors, life_of
from scriptkit.live.storages import is_unwritten, shared_until_written


class Tied(nn.Module):
    """One parameter under two names, a view of a buffer, state in every kind of attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.ones(4))
        self.second = self.first
        self.register_buffer("whole", torch.zeros(6))
        self.part = self.whole[2:4]
        self.notes, self.table, self.settings = [0], {"a": [1]}, Settings()

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.first.data.mul_(2)
        self.part.add_(1)
        self.notes.append(1)
        self.table["a"].append(2)
        self.settings.count += 1
        return x * self.second


class Settings:
    def __init__(self) -> None:
        self.count = 0


def test_a_run_of_a_life_leaves_the_module_as_it_was() -> None:
    module = Tied()
    life = life_of(module)
    assert life(torch.ones(4)).tolist() == [2.0] * 4
    assert module.first.tolist() == [1.0] * 4
    assert module.whole.tolist() == [0.0] * 6
    assert (module.notes, module.table, module.settings.count) == ([0], {"a": [1]}, 0)


def test_ties_and_views_stay_what_they_are() -> None:
    life = life_of(Tied())
    assert life.first is life.second
    life(torch.ones(4))
    assert life.whole.tolist() == [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]


def test_nothing_is_copied_before_it_is_written() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    own = OwnTensors()
    life: Any = life_of(module, own).eval()
    life(torch.ones(2, 4))
    assert own.are_unwritten()
    life.train()(torch.ones(2, 4))
    assert is_unwritten(life[0].weight)
    assert not is_unwritten(life[1].running_mean)


def test_lives_are_used_again_only_where_nothing_was_written() -> None:
    quiet, loud = Lives(nn.Linear(4, 4)), Lives(Tied())
    first = quiet.next()
    first(torch.ones(2, 4))
    assert quiet.next() is first
    other = loud.next()
    other(torch.ones(4))
    assert loud.next() is not other


def test_a_compiled_module_has_a_life_without_being_compiled_again() -> None:
    form: Any = torch.jit.script(nn.BatchNorm1d(3))
    life = life_of(form)
    life(torch.randn(5, 3))
    assert form.num_batches_tracked.item() == 0
    assert life.num_batches_tracked.item() == 1
    assert life._c._type() == form._c._type()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["numpy", "shared", "read from a file", "quantised", "sparse"])
def test_memory_that_cannot_be_shared_is_copied(kind: str) -> None:
    """The last three would end the process, or raise, if they were shared lazily."""
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(3, 1)), file)
    file.seek(0)
    tensor = {
        "numpy": lambda: torch.from_numpy(torch.ones(3).numpy()),
        "shared": lambda: torch.ones(3).share_memory_(),
        "read from a file": lambda: torch.jit.load(file).weight.detach(),  # type: ignore[no-untyped-call]  # noqa: PLW0108
        "quantised": lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8),
        "sparse": lambda: torch.eye(3).to_sparse(),
    }[kind]()
    before = tensor.dequantize().clone() if kind == "quantised" else tensor.to_dense().clone()
    made = OwnTensors().of(tensor)
    made.copy_(tensor.clone()) if kind in {"quantised", "sparse"} else made.add_(1)
    after = tensor.dequantize() if kind == "quantised" else tensor.to_dense()
    assert torch.equal(before, after)


def test_the_user_keeps_his_memory_where_it_was() -> None:
    """NumPy and others that hold its address see what is written after a trial."""
    tensor = torch.ones(3)
    address, view = tensor.data_ptr(), tensor.numpy()
    shared_until_written(tensor).add_(1)
    tensor.add_(4)
    assert tensor.data_ptr() == address
    assert view.tolist() == [5.0] * 3
