"""Scripted dataclasses and enums: compiled code makes them, and `save` says that another process cannot read them."""

import io
import warnings
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Optional

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, script
from scriptkit.errors import ScriptkitWarning

X = torch.rand(2, 3)


@script
@dataclass
class Output:
    logits: Tensor
    hidden: Optional[Tensor] = None  # noqa: UP045 - torch reads the annotation


class Kind(Enum):
    SMALL = 1
    LARGE = 2


class Fields(NamedTuple):
    logits: Tensor


class Dataclassed(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Output:
        return Output(self.fc(x), hidden=x)


class Judging(ScriptableModule):
    def forward(self, x: Tensor) -> Kind:
        return Kind.LARGE if x.numel() > 100 else Kind.SMALL


class Listing(ScriptableModule):
    def forward(self, x: Tensor) -> list[Output]:
        return [Output(x)]


class Naming(ScriptableModule):
    def forward(self, x: Tensor) -> Fields:
        return Fields(Output(x).logits)


def test_a_dataclass_marked_as_scripted_compiles() -> None:
    net = Dataclassed()
    out = net(X)
    assert type(out) is Output
    assert torch.equal(out.logits, net.eager(X).logits)
    assert scriptkit.is_compiled(net)


@pytest.mark.parametrize(("cls", "name"), [(Dataclassed, "Output"), (Judging, "Kind"), (Listing, "Output")])
def test_a_result_that_no_other_process_reads_is_told(cls: type[ScriptableModule], name: str) -> None:
    with pytest.warns(ScriptkitWarning, match=f"only in this process: `{name}` is a class of yours") as told:
        scriptkit.save(cls(), io.BytesIO())
    assert told[0].filename == __file__


def test_a_named_tuple_made_from_one_is_read_everywhere() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scriptkit.save(Naming(), io.BytesIO(), example_inputs=(X,))
