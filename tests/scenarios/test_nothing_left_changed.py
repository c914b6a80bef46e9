"""Models that write to themselves: no door of scriptkit changes them, and compiled they do what they do in Python."""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit

_COLLECTED: list[int] = []


class Written(nn.Module):
    """Writes to itself in one of many ways; `at` is the call in which it raises half-way."""

    kept = 0

    def __init__(self, way: str, at: int = 0) -> None:
        super().__init__()
        self.way, self.at, self.calls = way, at, 0
        self.inner = nn.Linear(4, 4)
        self.register_buffer("seen", torch.zeros(4))
        self.notes, self.plain = [0], torch.zeros(4)

    def forward(self, x, **options):  # type: ignore[no-untyped-def]
        with torch.no_grad():
            WAYS[self.way](self, x)
        self.calls += 1
        if self.at and self.calls >= self.at:
            raise RuntimeError("half-way")
        return self.inner(x)


def _class_attribute(module: Written, _: Tensor) -> None:
    type(module).kept += 1


WAYS: dict[str, Callable[[Any, Tensor], object]] = {
    "data": lambda m, x: m.inner.weight.data.mul_(0.5),
    "in place": lambda m, x: m.inner.weight.add_(1.0),
    "detached": lambda m, x: m.inner.bias.detach().zero_(),
    "view": lambda m, x: m.inner.weight[0].fill_(3.0),
    "set": lambda m, x: m.inner.bias.set_(torch.ones(4)),
    "new parameter": lambda m, x: setattr(m.inner, "bias", nn.Parameter(torch.ones(4))),
    "gradient": lambda m, x: setattr(m.inner.bias, "grad", torch.ones(4)),
    "frozen": lambda m, x: m.inner.weight.requires_grad_(False),
    "buffer": lambda m, x: m.seen.add_(1),
    "resized": lambda m, x: m.register_buffer("seen", torch.zeros(8)),
    "attributes": lambda m, x: (m.notes.append(1), m.plain.add_(1)),
    "class": _class_attribute,
    "global": lambda m, x: _COLLECTED.append(1),
    "random": lambda m, x: torch.rand(3),
}
DOORS: dict[str, Callable[[nn.Module, Tensor], object]] = {
    "compile": lambda m, x: scriptkit.compile(m, (x,)),
    "trace": lambda m, x: scriptkit.compile(m, (x,), modes={"": "trace"}),
    "verify": lambda m, x: scriptkit.verify(m, (x,)),
    "save": lambda m, x: scriptkit.save(m, io.BytesIO(), example_inputs=(x,)),
}


def _state(module: Written) -> list[Any]:
    tensors = {
        name: (id(t), t.tolist(), t.requires_grad, None if t.grad is None else t.grad.tolist())
        for name, t in module.state_dict(keep_vars=True).items()
    }
    plain = (module.calls, list(module.notes), module.plain.tolist(), module.training)
    return [tensors, plain, Written.kept, list(_COLLECTED), torch.get_rng_state().tolist(), torch.is_grad_enabled()]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("door", list(DOORS))
@pytest.mark.parametrize("way", list(WAYS))
def test_no_door_changes_a_module_that_writes_to_itself(way: str, door: str) -> None:
    for training, at in ((True, 0), (False, 2)):
        module = Written(way, at).train(training)
        before = copy.deepcopy(_state(module))
        with contextlib.suppress(scriptkit.ScriptkitError, RuntimeError):  # refused: nothing may have changed, too
            DOORS[door](module, torch.randn(3, 4, generator=torch.Generator().manual_seed(0)))
        assert _state(module) == before


class Embedded(scriptkit.ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.bag = nn.Embedding(8, 4, max_norm=0.5), nn.EmbeddingBag(8, 4, max_norm=0.5)

    def forward(self, i: Tensor) -> Tensor:
        return self.table(i).sum(1) + self.bag(i)


@pytest.mark.parametrize("training", [True, False])
def test_the_renormalisation_of_embeddings_is_kept(training: bool) -> None:
    """Torch's compiler drops it: the result of the call that does it is used by nobody."""
    compiled = Embedded().train(training)
    plain = copy.deepcopy(compiled)
    for indices in (torch.tensor([[0, 1]]), torch.tensor([[1, 5]])):
        with scriptkit.eager():
            expected = plain(indices)
        assert torch.equal(compiled(indices), expected)
        assert torch.equal(compiled.table.weight, plain.table.weight)
        assert torch.equal(compiled.bag.weight, plain.bag.weight)
    assert scriptkit.verify(compiled, (torch.tensor([[0, 1]]),)).ok


def test_torch_itself_compiles_as_before() -> None:
    Embedded()
    scripted: Any = torch.jit.script(nn.Embedding(8, 4, max_norm=0.5))
    before = scripted.weight.clone()
    scripted(torch.arange(8))
    assert torch.equal(scripted.weight, before)


class Listened(nn.Module):
    """Its hooks keep what they see in the module itself, as feature extractors do."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 4)
        self.seen: dict[str, Tensor] = {}
        self.shape: list[int] | None = None
        self.register_buffer("mean", torch.zeros(4))
        self.plain, self.calls = torch.zeros(4), [0]
        self.first.register_forward_hook(self.keep)
        self.last.register_forward_pre_hook(lambda module, args: self.seen.update({"last": args[0].detach()}))

    def keep(self, module: nn.Module, args: tuple[Tensor], result: Tensor) -> None:
        self.seen["first"], self.shape, self.latest = result.detach(), list(result.shape), result
        self.mean.mul_(0.9).add_(result.detach().mean(0))
        self.plain.add_(1)
        self.calls[0] += 1
        self.last.fed = True  # type: ignore[assignment]

    def forward(self, x, **_options):  # type: ignore[no-untyped-def]
        return self.last(torch.relu(self.first(x)))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("door", list(DOORS))
def test_no_door_changes_a_module_whose_hooks_write_to_it(door: str) -> None:
    module = Listened()
    attributes = set(vars(module))
    with contextlib.suppress(scriptkit.ScriptkitError):
        DOORS[door](module, torch.randn(3, 4))
    assert set(vars(module)) == attributes
    assert not hasattr(module.last, "fed")
    assert (module.seen, module.shape, module.calls) == ({}, None, [0])
    assert not module.mean.any()
    assert not module.plain.any()
