"""What construction costs: parts alike are explained once, and `eager()` leaves compiling to the first call."""

from __future__ import annotations

import copy
from typing import Any, Final

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.compiling.plan import foreign
from scriptkit.compiling.plan.alike import kind_of
from scriptkit.errors import CompilationError

X = torch.rand(2, 3)


class Foreign(nn.Module):
    def __init__(self, number: int = 0) -> None:
        super().__init__()
        self.number = number
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor, **_options: Any) -> Tensor:
        return self.fc(x)


class Layer(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Encoder(ScriptableModule):
    """Its foreign layers are replaced before it is used."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Foreign(number) for number in range(count)])

    def replace(self) -> None:
        self.layers = nn.ModuleList([Layer() for _ in self.layers])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def test_parts_alike_are_explained_once(monkeypatch: pytest.MonkeyPatch) -> None:
    explained: list[nn.Module] = []
    why = foreign._why

    def counted(child: nn.Module) -> str:
        explained.append(child)
        return why(child)

    monkeypatch.setattr(foreign, "_why", counted)
    net = Encoder(20)
    assert len(explained) == 1
    reasons = {row.reason for row in scriptkit.report(net).rows if row.class_name == "Foreign"}
    assert len(reasons) == 1
    assert "does not script" in reasons.pop()


def test_what_the_class_replaces_is_never_compiled() -> None:
    with scriptkit.eager():
        net = Encoder(3)
        assert scriptkit.report(net).rows[0].mode == "pending"
        assert "compiles when it is called" in scriptkit.report(net).rows[0].reason
        net.replace()
    assert not scriptkit.is_compiled(net)
    expected = copy.deepcopy(net)
    with scriptkit.eager():
        y = expected(X)
    assert torch.equal(net(X), y)
    assert scriptkit.is_compiled(net)
    assert scriptkit.report(net).rows[0].mode == "script"
    assert not scriptkit.report(net).eager_calls


def test_a_deferred_module_with_foreign_parts_compiles_with_its_first_call() -> None:
    with scriptkit.eager():
        net = Encoder(2)
    net(X)
    assert {row.mode for row in scriptkit.report(net).rows} == {"script", "lowered"}
    assert scriptkit.is_compiled(net)


def test_a_deferred_module_can_be_saved_before_it_is_called(tmp_path: Any) -> None:
    with scriptkit.eager():
        net = Layer()
    scriptkit.save(net, tmp_path / "net.pt")
    assert torch.equal(scriptkit.load(tmp_path / "net.pt")(X), net(X))


class Wrong(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.table = object()

    def forward(self, x: Tensor) -> Tensor:
        return x if self.table is None else -x


def test_what_does_not_compile_is_told_at_the_first_call() -> None:
    with scriptkit.eager():
        net = Wrong()
        net(X)
    with pytest.raises(CompilationError):
        net(X)


def test_kinds_differ_where_the_compiler_may_see_a_difference() -> None:
    one = Foreign()
    assert kind_of(one) == kind_of(Foreign(7))
    for change in (
        lambda net: setattr(net, "flag", True),
        lambda net: setattr(net, "number", None),
        lambda net: setattr(net, "act", torch.relu),
        lambda net: setattr(net, "fc", nn.Identity()),
        lambda net: setattr(net, "sizes", [1, "a"]),
        lambda net: setattr(net, "table", {}),
        lambda net: net.fc.register_parameter("bias", None),
        lambda net: net.fc.register_forward_hook(lambda *_: None),
    ):
        other = Foreign()
        change(other)
        assert kind_of(one) != kind_of(other)


class Marked(ScriptableModule):
    """One part is traced with inputs of its own; a constant decides whether the others script."""

    def __init__(self) -> None:
        super().__init__()
        self.traced = scriptkit.traced(Foreign(), example_inputs=(X,))
        self.first, self.second = Constant(0), Constant(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(self.traced(x)))


class Constant(nn.Module):
    number: Final[int]

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def forward(self, x: Tensor) -> Tensor:
        if self.number:
            return x * len({type(x)})
        return x


def test_constants_and_marks_tell_parts_apart() -> None:
    assert kind_of(Constant(0)) == kind_of(Constant(0)) != kind_of(Constant(1))
    net = Marked()
    assert torch.equal(net(X), net.traced(X))
    modes = {row.path: row.mode for row in scriptkit.report(net).rows}
    assert modes["traced"] == "trace"
    assert modes["second"] in {"lowered", "trace"}
