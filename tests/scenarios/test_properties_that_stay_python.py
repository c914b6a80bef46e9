"""Properties that nothing compiled reads and that do not script stay Python; the report says so."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.errors import CompilationError, ScriptabilityError

X = torch.rand(2, 3)


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self._scale = 2.0
        self.fc = nn.Linear(3, 3)

    @property
    def scale(self) -> float:
        return self._scale

    @scale.setter
    def scale(self, value: float) -> None:
        self._scale = value * 10

    @property
    def device(self) -> Any:
        return next(self.parameters()).device

    @property
    def act(self) -> Any:
        return {"relu": torch.relu}["relu"]

    @property
    def broken(self) -> Any:
        raise ValueError("not to be read")

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.to(x.device)) * self.scale

    @export
    def rescale(self, value: float) -> None:
        self.scale = value


def test_properties_that_nothing_compiled_reads_do_no_harm() -> None:
    net = Net()
    net.rescale(0.5)
    assert torch.equal(net(X), net.fc(X) * 5)
    assert net.act is torch.relu
    assert net.device == torch.device("cpu")
    assert not scriptkit.report(net).eager_calls
    reason = scriptkit.report(net).rows[0].reason
    assert "stay Python, in no file: `act`, `device`" in reason
    file = io.BytesIO()
    scriptkit.save(net, file)
    loaded = scriptkit.load(io.BytesIO(file.getvalue()))
    loaded.rescale(1.0)
    assert torch.equal(loaded(X), net.fc(X) * 10)


class ForeignNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self._scale = 2.0
        self.fc = nn.Linear(3, 3)

    @property
    def scale(self) -> float:
        return self._scale

    @property
    def act(self) -> Any:
        return {"relu": torch.relu}["relu"]

    def summary(self) -> Any:
        return {name: list(map(str, p.shape)) for name, p in self.named_parameters()}

    @property
    def size(self) -> Any:
        return self.summary()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.scale

    @torch.jit.export
    def twice(self, x: Tensor) -> Tensor:
        return self.forward(x) * 2


def test_a_foreign_module_scripts_in_spite_of_them_and_keeps_its_exported_methods() -> None:
    net = scriptkit.compile(ForeignNet())
    assert torch.equal(net(X), net.fc(X) * 2)
    assert torch.equal(net.twice(X), net.fc(X) * 4)
    row = scriptkit.report(net).rows[0]
    assert row.mode == "script"
    assert "in no file: `act`, `size`" in row.reason


def test_a_property_that_is_read_is_held_to_the_rules() -> None:
    with pytest.raises(ScriptabilityError, match="`parameters` of a module cannot be compiled"):

        class Reads(ScriptableModule):
            @property
            def device(self) -> torch.device:
                return next(self.parameters()).device  # type: ignore[scriptkit-module-introspection]

            def forward(self, x: Tensor) -> Tensor:
                return x.to(self.device)


def test_what_a_parent_reads_is_told_with_the_words_of_the_property(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")

    class Child(ScriptableModule):
        @property
        def factor(self) -> float:
            return (lambda: 2.0)()  # noqa: PLC3002

        def forward(self, x: Tensor) -> Tensor:
            return x

    class Parent(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.child = Child()

        def forward(self, x: Tensor) -> Tensor:
            return self.child(x) * self.child.factor

    assert torch.equal(Child()(X), X)
    with pytest.raises(CompilationError) as caught:
        Parent()
    assert {d.method for d in caught.value.diagnostics} == {"factor"}


def test_check_is_silent_about_them_in_scriptkits_classes_only() -> None:
    text = """
import torch
from torch import Tensor, nn
from scriptkit import ScriptableModule

class Net(BASE):
    @property
    def act(self):
        return {"relu": torch.relu}["relu"]

    def forward(self, x: Tensor) -> Tensor:
        return x
"""
    assert not scriptkit.check_source(text.replace("BASE", "ScriptableModule"))
    assert scriptkit.check_source(text.replace("BASE", "nn.Module"), all_modules=True)
