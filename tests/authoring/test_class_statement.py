"""What a class statement and a marked class mean for everything made of them."""

import warnings

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import ScriptkitWarning
from tests.scenarios.comparing import assert_same


class Scaled(nn.Module):
    """A class of its own for marking: every instance is traced."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


class Shifted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1


class Whole(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = Scaled(2.0), Scaled(3.0), Shifted()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.third(self.second(self.first(x)))
        return out


def test_a_marked_class_decides_for_all_its_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scaled, "__scriptkit_mark__", None, raising=False)
    monkeypatch.setattr(Shifted, "__scriptkit_mark__", None, raising=False)
    assert scriptkit.traced(Scaled) is Scaled
    assert scriptkit.scripted(Shifted) is Shifted
    net = Whole()
    compiled = scriptkit.compile(net, (torch.ones(2),))
    rows = {row.path: row.mode for row in scriptkit.report(compiled).rows}
    assert (rows["first"], rows["second"], rows["third"]) == ("trace", "trace", "script")
    assert_same(compiled(torch.arange(2.0)), net(torch.arange(2.0)))


def test_findings_are_warnings_on_request_and_the_class_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_CHECK", "warn")
    with pytest.warns(ScriptkitWarning) as caught:

        class Twice(ScriptableModule):
            """Two mistakes, two warnings."""

            def forward(self, x: Tensor) -> Tensor:
                x.numpy()  # type: ignore[scriptkit-unsupported-tensor-method]
                return x.nothing()  # type: ignore[attr-defined, no-any-return, scriptkit-unsupported-tensor-method]

    told = [str(warning.message) for warning in caught]
    assert len(told) == 2
    assert all(text.startswith(f"{__file__}:") for text in told)
    assert [warning.filename for warning in caught] == [__file__] * 2
    assert issubclass(Twice, ScriptableModule)


def test_checks_that_are_off_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Silent(ScriptableModule):
            def forward(self, x: Tensor) -> Tensor:
                return x.nothing()  # type: ignore[attr-defined, no-any-return, scriptkit-unsupported-tensor-method]

    assert issubclass(Silent, ScriptableModule)
