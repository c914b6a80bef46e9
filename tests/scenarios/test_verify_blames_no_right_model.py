"""What `verify` holds against no model that is right: inputs that mean nothing, lists of weights, other types."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.errors import VerificationError


class Step(ScriptableModule):
    """One step of a decoder with a cache: where keys are fewer than values, torch reads beyond them."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def split(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), x.size(1), 2, 4).transpose(1, 2)

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor]) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        keys = torch.cat((past[0], self.split(k)), dim=2)
        values = torch.cat((past[1], self.split(v)), dim=2)
        return F.scaled_dot_product_attention(self.split(q), keys, values)


class ForeignStep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor], **_options: object) -> Tensor:
        q, k, v = (part.view(x.size(0), x.size(1), 2, 4).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        keys, values = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        return F.scaled_dot_product_attention(q, keys, values)


CACHE = (torch.rand(2, 1, 8), (torch.rand(2, 2, 3, 4), torch.rand(2, 2, 3, 4)))


def test_pairs_of_inputs_that_were_broken_are_not_held_against_the_model() -> None:
    report = scriptkit.verify(Step().eval(), CACHE)  # raises where the model is blamed
    changed = [text for text in report.skipped if "same twice" not in text]
    assert not changed  # what torch reads beyond the keys may be the same twice, or not


def test_a_foreign_decoder_is_lowered_although_changed_inputs_break_its_cache() -> None:
    net = scriptkit.compile(ForeignStep().eval(), CACHE)
    assert scriptkit.report(net).rows[0].mode == "lowered"
    x, (keys, values) = CACHE
    longer = x, (keys.repeat(1, 1, 2, 1), values.repeat(1, 1, 2, 1))
    with torch.no_grad():
        torch.testing.assert_close(net(*longer), net.inner(*longer))


class Recurrent(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x)[0]


def test_weights_that_a_program_keeps_in_a_list_are_compared_in_double_precision() -> None:
    report = scriptkit.verify(Recurrent(), (torch.rand(3, 2, 4),))
    assert any(one.inputs == "double precision" and one.form == "loaded" for one in report.comparisons)


class Named(ScriptableModule):
    """An exported method of the name of one that every module has."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.mode = 0

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)

    @export
    def double(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return self.fc(x) * 2

    @export
    def set_mode(self, value: int) -> int:
        self.mode = value
        return self.mode

    @export
    def reset(self) -> None:
        self.mode = 0


def test_exported_methods_are_called_with_what_they_take() -> None:
    report = scriptkit.verify(Named(), (torch.rand(2, 3),))
    assert {one.method for one in report.comparisons} == {"forward", "double", "reset"}
    assert "set_mode: it takes other arguments than `forward`, and nothing says which" in report.skipped


class Wrong(ScriptableModule):
    """Differs for larger inputs only, each time."""

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor]) -> Tensor:
        if not torch.jit.is_scripting() and x.size(0) > 2:  # type: ignore[attr-defined]
            return x * 2
        return x + past[0].sum() * 0


def test_a_form_that_differs_on_changed_inputs_is_still_found() -> None:
    with pytest.raises(VerificationError, match="dimension 0"):
        scriptkit.verify(Wrong(), CACHE)


class Masked(nn.Module):
    """Each argument after the first may be left out; one form is made for those that the example has."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x, mask=None, caches=None, **_options):  # type: ignore[no-untyped-def]
        x = self.fc(x)
        if mask is not None:
            x = x * mask
        return x if caches is None else x + caches[0]


@pytest.mark.parametrize("given", [(torch.ones(2, 3),), (torch.ones(2, 3), [torch.ones(2, 3)])])
def test_a_form_is_not_blamed_for_arguments_that_its_example_had_and_a_call_leaves_out(given: tuple[object]) -> None:
    example = (torch.rand(2, 3), *given)
    report = scriptkit.verify(scriptkit.compile(Masked(), example), example)
    assert report.ok
    assert "`mask` left out: the forms were made for the kinds of arguments that the example has" in report.skipped


def _tensors(nested: Any) -> Iterator[Tensor]:
    if isinstance(nested, Tensor):
        yield nested
    elif nested is not None and not isinstance(nested, int):
        for item in nested.values() if isinstance(nested, dict) else nested:
            yield from _tensors(item)


class Cached(nn.Module):
    """Takes its cache in whatever containers, as decoders take the keys and values of their layers."""

    def forward(self, x, past, **_options):  # type: ignore[no-untyped-def]
        for tensor in _tensors(past):
            x = x + tensor
        return x


A, B, C = torch.rand(2), torch.rand(2), torch.rand(2)
CACHES = [[(A, B)], [(A, B), (B, C)], ((A, B), (B, C)), [[A, B]], {"a": (A, B)}, (A, 3), (A, None, [B])]


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("mode", ["lowered", "trace"])
def test_containers_in_containers_are_given_to_every_form(cache: Any, mode: str) -> None:
    net = scriptkit.compile(Cached(), (C, cache), modes={"": mode})
    assert scriptkit.verify(net, (C, cache)).ok
    file = io.BytesIO()
    scriptkit.save(net, file, example_inputs=(C, cache))
    file.seek(0)
    assert torch.equal(scriptkit.load(file)(C, cache), net(C, cache))


def test_an_argument_that_has_no_type_is_given_to_a_program_as_its_tensors() -> None:
    cache = {"a": {"b": A}, "c": B}
    net = scriptkit.compile(Cached(), (C, cache))
    assert scriptkit.verify(net, (C, cache)).ok
    file = io.BytesIO()
    scriptkit.save(net, file, example_inputs=(C, cache))
    file.seek(0)
    assert torch.equal(scriptkit.load(file)(C, A, B), net(C, cache))


class Policy(nn.Module):
    """Gives a distribution, as policies do: an object with tensors, and with sizes that the program computes."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.mean, self.log_std = kind, nn.Linear(3, 2), nn.Parameter(torch.zeros(2))

    def forward(self, x):  # type: ignore[no-untyped-def]
        if self.kind == "categorical":
            return torch.distributions.Categorical(logits=self.mean(x))
        normal = torch.distributions.Normal(self.mean(x), self.log_std.exp())
        return torch.distributions.Independent(normal, 1) if self.kind == "independent" else normal


@pytest.mark.parametrize("kind", ["normal", "categorical", "independent"])
def test_a_distribution_is_compared_by_what_it_holds(kind: str) -> None:
    example = (torch.rand(4, 3),)
    net = scriptkit.compile(Policy(kind), example)
    assert scriptkit.verify(net, example).ok
    scriptkit.save(net, io.BytesIO(), example_inputs=example)
