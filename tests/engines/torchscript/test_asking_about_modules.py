"""What a method may ask about modules and itself: `isinstance`, `hasattr`, members, and quoted declarations."""

import typing

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class Wide(nn.Linear):
    """A subclass: `isinstance(..., nn.Linear)` holds."""


class Chooses(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), Wide(4, 4), nn.ReLU(), nn.Tanh(), nn.Identity()])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                x = layer(x) * 2
            elif isinstance(layer, (nn.ReLU, torch.nn.Tanh)):
                x = layer(x) + 1
        return x


class Conditional(ScriptableModule):
    def __init__(self, *, extra: bool) -> None:
        super().__init__()
        if extra:
            self.extra = nn.Linear(4, 4)
            self.scale = 2.0

    def forward(self, x: Tensor) -> Tensor:
        if hasattr(self, "extra"):
            x = self.extra(x)
        return x * self.scale if hasattr(self, "scale") else x


class Quoted(ScriptableModule):
    tensors: list["Tensor"]
    maybe: dict[str, "typing.Optional[Tensor]"]  # noqa: UP045
    whole: "dict[str, list[Tensor]]"

    def __init__(self) -> None:
        super().__init__()
        self.tensors = [torch.ones(1)]
        self.maybe = {"a": None}
        self.whole = {"b": []}

    def forward(self, x: "Tensor", more: list["Tensor"]) -> "Tensor":
        made: list[Tensor] = [x]
        found = self.maybe["a"]
        if found is not None:
            made.append(found)
        return x + self.tensors[0] + more[0] + made[0] + len(self.whole["b"])


class HasMembersOfNoUse(ScriptableModule):
    """Properties and slots that compiled code does not read, one of them beyond TorchScript."""

    __slots__ = ("hidden",)

    @property
    @torch.jit.unused  # type: ignore[untyped-decorator, unused-ignore]
    def described(self) -> str:
        return f"{self!r:>100}"

    @property
    def three(self) -> int:
        return 3

    def forward(self, x: Tensor) -> Tensor:
        return x + self.three


def test_isinstance_of_modules_counts_subclasses() -> None:
    net, plain = twins(Chooses)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same(scriptkit.to_torchscript(net)(batch()), plain(batch()))


@pytest.mark.parametrize("extra", [True, False])
def test_hasattr_of_itself_is_decided_per_instance_and_follows_changes(extra: bool) -> None:
    net, plain = twins(Conditional, extra=extra)
    assert_same(run_compiled(net, batch()), plain(batch()))
    for model in (net, plain):
        if extra:
            del model.scale
        else:
            model.scale = 3.0
    assert_same(net(batch()), plain(batch()))


def test_quotes_inside_declarations() -> None:
    net, plain = twins(Quoted)
    assert_same(run_compiled(net, batch(), [torch.ones(1)]), plain(batch(), [torch.ones(1)]))


def test_members_that_compiled_code_does_not_read() -> None:
    net, plain = twins(HasMembersOfNoUse)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert net.described == f"{net!r:>100}"
