"""State of other people's modules that is no buffer: running values, caches that are None at first, counters."""

from __future__ import annotations

import copy
import io
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.lowering import LoweringError, lower

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [torch.randn(count, 3) for count in (2, 2, 4, 1)]


class Running(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.total = torch.zeros(3)
        self.calls = torch.zeros((), dtype=torch.int64)

    def reset(self) -> None:
        self.total = torch.zeros(3)

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        before = self.total
        self.total = self.total + self.fc(x).sum(0).detach()
        if x.sum() > 0:
            self.calls = self.calls + 1
        return self.total * 2 - before + self.calls


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.total = torch.zeros(3)

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        self.total += x.sum(0)
        return self.total.clone()


class Holder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Running(), InPlace()

    def forward(self, x: Tensor, **options: object) -> Tensor:
        return self.first(x, **options) + self.second(x, **options) + self.first.total


class Cache(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.key = nn.Linear(3, 3)
        self.cache: Any = None

    def reset(self) -> None:
        self.cache = None

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        key = self.key(x)
        if self.cache is None:
            self.cache = key
        else:
            self.cache = torch.cat([self.cache, key], 0)
        return torch.sum(self.cache, 0)


class Last(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last: Any = None

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        mean = x.mean(0)
        out = mean if self.last is None else mean - self.last
        self.last = mean.detach()
        return out


class Ring(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.memory = torch.zeros(3, 3)
        self.position, self.scale, self.is_first = 0, 1.0, True

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        self.memory[self.position % 3] = x.mean(0)
        self.position += 1
        if self.is_first:
            self.scale = self.scale * 2
            self.is_first = False
        return self.memory * self.scale


class Caches(nn.Module):
    """A child called twice, and one whose state the parent reads."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.ring = Cache(), Ring()

    def forward(self, x: Tensor, **_options: object) -> Any:
        first = self.store(x)
        second = self.store(x + 1)
        ring = self.ring(x)
        return first, second, ring, self.store.cache.shape[0] + self.ring.position


MODELS = [Running, InPlace, Holder, Cache, Last, Ring, Caches]
STATE = ("total", "cache", "last", "memory", "position", "scale", "is_first")


def compiled_and_plain(cls: type[nn.Module]) -> tuple[Any, nn.Module]:
    plain = cls().eval()
    return scriptkit.compile(copy.deepcopy(plain), example_inputs=(ROWS[0],)), plain


@pytest.mark.parametrize("cls", MODELS)
def test_what_a_call_leaves_the_next_one_finds(cls: type[nn.Module]) -> None:
    model, plain = compiled_and_plain(cls)
    for x in ROWS:
        torch.testing.assert_close(model(x), plain(x))
        for part, other in zip(model.modules(), plain.modules(), strict=True):
            for name in STATE:
                held, expected = (getattr(one, name, None) for one in (part, other))
                assert type(held) is type(expected)
                assert held is expected or torch.allclose(torch.as_tensor(held), torch.as_tensor(expected))
    assert scriptkit.is_compiled(model)
    assert not model.eager_calls


@pytest.mark.parametrize("cls", MODELS)
def test_a_file_keeps_it_as_well(cls: type[nn.Module], tmp_path: Path) -> None:
    model, plain = compiled_and_plain(cls)
    torch.testing.assert_close(model(ROWS[1]), plain(ROWS[1]))
    scriptkit.save(model, tmp_path / "model.pt", example_inputs=(ROWS[0],))
    loaded = torch.jit.load(str(tmp_path / "model.pt"))
    for x in ROWS:
        torch.testing.assert_close(loaded(x), plain(x))
    assert scriptkit.verify(model, (ROWS[0],)).ok


def test_compiling_and_verifying_leave_it_alone() -> None:
    model = scriptkit.compile(Running(), example_inputs=(ROWS[0],))
    assert scriptkit.verify(model, (ROWS[0],)).ok
    assert torch.equal(model.total, torch.zeros(3))
    scriptkit.save(model, io.BytesIO(), example_inputs=(ROWS[0],))
    assert torch.equal(model.total, torch.zeros(3))


def test_what_the_user_puts_there_is_used() -> None:
    model: Any
    plain: Any
    model, plain = compiled_and_plain(Running)
    for value in (None, torch.ones(3), torch.ones(2, 3), torch.ones(3, dtype=torch.float64)):
        for each in (model, plain):
            each.reset()
            each.total = each.total if value is None else value
        for x in ROWS:
            torch.testing.assert_close(model(x), plain(x))


def test_a_cache_is_emptied_and_filled_again_by_its_user() -> None:
    model: Any
    plain: Any
    model, plain = compiled_and_plain(Cache)
    for held in (None, torch.ones(5, 3), None, torch.ones(5, 3, dtype=torch.float64)):
        for each in (model, plain):
            each.reset()
            each.cache = held
        for x in ROWS if held is None or held.dtype == torch.float32 else []:
            torch.testing.assert_close(model(x), plain(x))


def test_a_counter_set_by_its_user_counts_on() -> None:
    model: Any
    plain: Any
    model, plain = compiled_and_plain(Ring)
    for position in (0, 1000, 7):
        for each in (model, plain):
            each.position = position
        for x in ROWS:
            torch.testing.assert_close(model(x), plain(x))
        assert model.position == plain.position
    assert not model.eager_calls


class Widening(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kept = torch.zeros(3)

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        seen = self.kept.sum()
        self.kept = x
        return x + seen


class Turning(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kept: float = 0

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        self.kept = self.kept + 0.5
        return x * self.kept


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kept = torch.zeros(3)

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        self.kept = self.kept + x.sum(0)
        seen = self.kept
        self.kept = x
        return seen


class Looping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kept: float = 0

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        for _row in x:
            self.kept = self.kept + 1
        return x * self.kept


class TypeOnce(nn.Module):
    """The arm that the second call takes cannot be lowered."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: Any = None

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        if self.kept is not None:
            return torch.from_numpy(self.kept.numpy() + 1)
        self.kept = x
        return x


class Outside(nn.Module):
    """A module that no path of the root leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = [InPlace()]

    def forward(self, x: Tensor, **_options: object) -> Any:
        return self.hidden[0](x)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Widening(), "read and then written"),
        (Turning(), "read and then written"),
        (Mixed(), "read and then written"),
        (Looping(), "read and then written"),
        (TypeOnce(), "read and then written"),
        (Outside(), "is written in the call"),
    ],
)
def test_what_cannot_be_kept_is_refused(model: nn.Module, words: str) -> None:
    with pytest.raises(LoweringError) as caught:
        lower(model, (ROWS[0],))
    assert words in caught.value.diagnostics[0].message


def test_a_program_that_is_exported_keeps_none() -> None:
    with pytest.raises(LoweringError, match="cannot be lowered"):
        lower(Running(), (ROWS[0],), keeps_state=False)
