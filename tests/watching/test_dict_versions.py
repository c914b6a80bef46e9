"""Dictionaries nobody wrote are not looked at again; every write is noticed, and soon costs little again."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.watching import dict_counts
from scriptkit.watching.dict_counts import Counts, attributes_are_counted, items_are_counted
from scriptkit.watching.dict_versions import Unwritten

counted = pytest.mark.skipif(not items_are_counted(), reason="this interpreter counts no writes of dictionaries")


class Asked:
    """Counts how often the slow way is gone."""

    def __init__(self, dictionary: dict[str, Any]) -> None:
        self.dictionary, self.before, self.count = dictionary, dict(dictionary), 0

    def __call__(self) -> bool:
        self.count += 1
        return self.dictionary == self.before


@counted
def test_writing_any_of_them_is_noticed() -> None:
    linear = nn.Linear(2, 2)
    dictionaries: list[dict[Any, Any]] = [{"a": 1}, {}, OrderedDict(b=2), linear._forward_hooks, linear._parameters]
    for dictionary in dictionaries:
        counts = Counts(dictionaries)
        assert counts.are_unchanged()
        dictionary["new"] = 3
        assert not counts.are_unchanged()
        del dictionary["new"]
        assert not counts.are_unchanged()
        assert counts.again().are_unchanged()
        assert not counts.are_unchanged()


def test_attributes_are_counted_up_to_python_3_12() -> None:
    assert attributes_are_counted() == (items_are_counted() and sys.version_info < (3, 13))


def test_no_dictionary_at_all_stays_unwritten() -> None:
    assert Counts([]).are_unchanged()


def test_an_interpreter_whose_memory_cannot_be_read_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise ValueError("no such memory")

    monkeypatch.setattr(torch, "frombuffer", refuse)
    assert not dict_counts._is_counted({"a": 1}, lambda one: one.clear())


@counted
def test_after_the_first_call_nothing_is_looked_at_until_somebody_writes() -> None:
    dictionary = {"a": 1}
    holds = Asked(dictionary)
    question = Unwritten([dictionary], holds, is_counted=True)
    assert all(question() for _ in range(20))
    assert holds.count == 1
    dictionary["a"] = 2
    assert not question()
    assert not question()
    dictionary["a"] = 1
    assert all(question() for _ in range(20))
    assert holds.count == 4


def test_a_dictionary_that_is_written_before_every_call_is_asked_the_slow_way() -> None:
    dictionary = {"a": 1, "times": 0}
    question = Unwritten([dictionary], lambda: dictionary["a"] == 1, is_counted=True)
    for number in range(100):
        dictionary["times"] = number
        assert question()
    assert question._wait
    dictionary["a"] = 2
    assert not question()


def test_what_is_not_counted_is_asked_each_time() -> None:
    holds = Asked({"a": 1})
    question = Unwritten([holds.dictionary], holds, is_counted=False)
    assert all(question() for _ in range(3))
    assert holds.count == 3
    assert Unwritten([holds.dictionary], holds)()


class Deep(ScriptableModule):
    """Enough modules for their dictionaries to be counted."""

    def __init__(self, count: int = 60) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.BatchNorm1d(3) for _ in range(count)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def replace_weight(net: Deep) -> None:
    net.layers[50].weight = nn.Parameter(torch.full((3,), 2.0))


def replace_buffer(net: Deep) -> None:
    net.layers[7].running_mean = torch.full((3,), 2.0)


def write_the_dictionary(net: Deep) -> None:
    net.layers[3]._parameters["bias"] = nn.Parameter(torch.full((3,), 2.0))


def write_in_place(net: Deep) -> None:
    with torch.no_grad():
        net.layers[9].weight.fill_(3.0)


def train_one(net: Deep) -> None:
    net.layers[11].train()


def exchange_a_layer(net: Deep) -> None:
    net.layers[20] = nn.BatchNorm1d(3, eps=0.5).eval()


def drop_a_layer(net: Deep) -> None:
    del net.layers[20]


def hook(net: Deep) -> None:
    net.layers[30].register_forward_hook(lambda module, args, result: result * 2)


def hide_forward(net: Deep) -> None:
    def forward(input: torch.Tensor) -> torch.Tensor:
        return input * 5

    net.layers[31].forward = forward  # type: ignore[method-assign]


class Other(nn.BatchNorm1d):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input) + 1


def become_another_class(net: Deep) -> None:
    net.layers[40].__class__ = Other


@pytest.mark.parametrize(
    "change",
    [
        *(replace_weight, replace_buffer, write_the_dictionary, write_in_place, train_one, exchange_a_layer),
        *(drop_a_layer, hook, hide_forward, become_another_class),
    ],
)
@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
def test_every_change_of_one_of_many_modules_is_noticed_before_the_next_call(change: Callable[[Deep], None]) -> None:
    net, x = Deep().eval(), torch.rand(4, 3)
    for _ in range(12):
        net(x)
    change(net)
    with scriptkit.eager():
        expected = net(x.clone())
    torch.testing.assert_close(net(x), expected)
    if change is not train_one:  # whose statistics go on
        torch.testing.assert_close(net(x), expected)


def test_threads_that_call_while_one_writes_see_what_was_written() -> None:
    net, x = Deep().eval(), torch.ones(2, 3)
    for _ in range(12):
        net(x)
    wrong: list[float] = []
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            net(x)

    others = [threading.Thread(target=call) for _ in range(2)]
    for other in others:
        other.start()
    for number in range(1, 40):
        net.layers[59].bias = nn.Parameter(torch.full((3,), float(number)))
        found = float(net(x).max().detach())
        with scriptkit.eager():
            expected = float(net(x).max().detach())
        wrong += [found] if found != expected else []
    stop.set()
    for other in others:
        other.join()
    assert wrong == []
