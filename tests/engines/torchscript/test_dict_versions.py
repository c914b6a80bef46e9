"""Dictionaries nobody wrote are not looked at again; every write is noticed, and soon costs little again."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from typing import Any

from torch import nn

from scriptkit.engines.torchscript.torch_names.dict_guards import unwritten_from_now
from scriptkit.watching.dict_versions import Unwritten

importlib.import_module("torch._dynamo.guards")


class Asked:
    """Counts how often the slow way is gone."""

    def __init__(self, dictionary: dict[str, Any]) -> None:
        self.dictionary, self.before, self.count = dictionary, dict(dictionary), 0

    def __call__(self) -> bool:
        self.count += 1
        return self.dictionary == self.before


def test_writing_any_of_them_is_noticed() -> None:
    linear = nn.Linear(2, 2)
    dictionaries: list[dict[str, Any]] = [{"a": 1}, {}, OrderedDict(b=2), vars(linear), linear._parameters]
    for dictionary in dictionaries:
        unwritten = unwritten_from_now(dictionaries)
        assert unwritten is not None
        assert unwritten()
        dictionary["new"] = 3
        assert not unwritten()
        del dictionary["new"]
        assert not unwritten()


def test_after_some_calls_nothing_is_looked_at_until_somebody_writes() -> None:
    dictionary = {"a": 1}
    holds = Asked(dictionary)
    question = Unwritten([dictionary], holds, unwritten_from_now)
    assert all(question() for _ in range(20))
    count = holds.count
    assert all(question() for _ in range(20))
    assert holds.count == count
    dictionary["a"] = 2
    assert not question()
    dictionary["a"] = 1
    assert all(question() for _ in range(40))
    count = holds.count
    assert all(question() for _ in range(20))
    assert holds.count == count


def test_a_dictionary_that_is_written_before_every_call_is_asked_the_slow_way() -> None:
    dictionary = {"a": 1, "times": 0}
    question = Unwritten([dictionary], lambda: dictionary["a"] == 1, unwritten_from_now)
    for number in range(100):
        dictionary["times"] = number
        assert question()
    dictionary["a"] = 2
    assert not question()
