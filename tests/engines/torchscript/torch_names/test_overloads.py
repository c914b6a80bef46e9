"""Overloaded methods: a class that has some compiles each of them; torch is left as it was."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.jit import _recursive
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import scriptkit
from scriptkit.engines.torchscript.torch_names import overloads


class Packed(scriptkit.ScriptableModule):
    """An LSTM takes tensors and packed sequences: overloads of its `forward`."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 2)

    def forward(self, x: Tensor, packed: PackedSequence) -> tuple[Tensor, Tensor]:
        return self.lstm(x)[0], self.lstm(packed)[0].data


def test_a_class_with_overloads_compiles_each_of_them() -> None:
    module, x = Packed(), torch.randn(3, 1, 2)
    packed = pack_padded_sequence(x, torch.tensor([3]))
    first, second = module(x, packed)
    assert scriptkit.report(module).eager_calls == {}
    with scriptkit.eager():
        torch.testing.assert_close((first, second), module(x, packed))


def test_torch_searches_as_before_when_nothing_is_compiled() -> None:
    recursive: Any = _recursive
    before = recursive.get_overload_annotations
    with overloads.looked_for_where_there_are_some():
        assert recursive.get_overload_annotations(nn.Linear(1, 1), []) == before(nn.Linear(1, 1), []) == {}
        lstm = nn.LSTM(1, 1)
        assert recursive.get_overload_annotations(lstm, []) == before(lstm, []) != {}
    assert recursive.get_overload_annotations is before
