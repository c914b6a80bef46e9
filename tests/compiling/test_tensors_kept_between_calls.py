"""Running values of other people's modules that are no buffers: attributes that hold a tensor from call to call."""

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


MODELS = [Running, InPlace, Holder]


def compiled_and_plain(cls: type[nn.Module]) -> tuple[Any, nn.Module]:
    plain = cls().eval()
    return scriptkit.compile(copy.deepcopy(plain), example_inputs=(ROWS[0],)), plain


@pytest.mark.parametrize("cls", MODELS)
def test_what_a_call_leaves_the_next_one_finds(cls: type[nn.Module]) -> None:
    model, plain = compiled_and_plain(cls)
    for x in ROWS:
        torch.testing.assert_close(model(x), plain(x))
        for part, other in zip(model.modules(), plain.modules(), strict=True):
            torch.testing.assert_close(getattr(part, "total", None), getattr(other, "total", None))
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


class Widening(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kept = torch.zeros(3)

    def forward(self, x: Tensor, **_options: object) -> Tensor:
        seen = self.kept.sum()
        self.kept = x
        return x + seen


class Outside(nn.Module):
    """A module that no path of the root leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = [InPlace()]

    def forward(self, x: Tensor, **_options: object) -> Any:
        return self.hidden[0](x)


@pytest.mark.parametrize(("model", "words"), [(Widening(), "another dtype or rank"), (Outside(), "is written in the call")])
def test_what_cannot_be_kept_is_refused(model: nn.Module, words: str) -> None:
    with pytest.raises(LoweringError) as caught:
        lower(model, (ROWS[0],))
    assert words in caught.value.diagnostics[0].message


def test_a_program_that_is_exported_keeps_none() -> None:
    with pytest.raises(LoweringError, match="cannot be lowered"):
        lower(Running(), (ROWS[0],), keeps_tensors=False)
