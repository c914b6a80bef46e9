"""`mask=None` without an annotation: it scripts, no file can hold it, and other people's code is full of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError, ScriptabilityError


class Masked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x, mask=None):  # type: ignore[no-untyped-def]
        x = self.fc(x)
        if mask is not None:
            x = x * mask
        return x


def shifted(x, by=None):  # type: ignore[no-untyped-def]
    if by is not None:
        x = x + by
    return x


class CallsAFunction(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = shifted(x, x * 2)  # type: ignore[no-untyped-call]
        return y


class LeavesItOut(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.part: nn.Module = Masked()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x)
        return y


class GivesIt(LeavesItOut):
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x, x > 0)
        return y


class OfAFunction(GivesIt):
    def __init__(self) -> None:
        super().__init__()
        self.part = CallsAFunction()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x)
        return y


class InMemoryOnly(OfAFunction, check_save=False):
    pass


@pytest.mark.parametrize("cls", [LeavesItOut, GivesIt, OfAFunction])
def test_a_foreign_part_of_which_no_file_can_hold_a_default_gets_a_form(cls: Any, tmp_path: Path) -> None:
    net = cls().eval()
    x = torch.randn(2, 3)
    with scriptkit.eager():
        expected = net(x)

    found = net(x)
    scriptkit.save(net, tmp_path / "net.pt")

    assert torch.equal(found, expected)
    assert "part: " in str(scriptkit.report(net))
    assert "lowered" in str(scriptkit.report(net))
    assert torch.equal(scriptkit.load(tmp_path / "net.pt")(x), expected)


def test_who_needs_no_file_gets_script() -> None:
    net = InMemoryOnly()

    assert "lowered" not in str(scriptkit.report(net))
    assert torch.equal(net(torch.ones(3)), torch.full((3,), 3.0))
    with pytest.raises(scriptkit.ArtifactError, match=r"parameter `by` of `shifted` is a `Tensor` whose default"):
        scriptkit.save(net, "never.pt")


def test_in_an_own_class_it_is_an_error_at_the_class_statement() -> None:
    with pytest.raises(ScriptabilityError, match=r"parameter `mask` of `forward` has the default `None`"):

        class Own(ScriptableModule):
            def forward(self, x, mask=None):  # type: ignore[no-untyped-def, scriptkit-unannotated-param-not-tensor]
                return x if mask is None else x * mask


def test_what_nobody_could_see_before_is_told_at_the_parameter() -> None:
    class Own(ScriptableModule):
        def __init__(self, function: Any) -> None:
            super().__init__()
            self.function = function

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.function(x, x)
            return y

    with pytest.raises(CompilationError) as caught:
        Own(shifted)

    finding = caught.value.diagnostics[0]
    line = Path(__file__).read_text().splitlines()[finding.line - 1]
    assert finding.code == "SK405"
    assert line[finding.column - 1 :].startswith("by=None")


class Flagged(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x, return_all=False, head="a"):  # type: ignore[no-untyped-def]
        y = self.fc(x)
        return (y, [x]) if return_all else y * (1 if head == "a" else 2)


class HoldsFlagged(LeavesItOut):
    def __init__(self) -> None:
        super().__init__()
        self.part = Flagged()


def test_flags_of_a_foreign_part_are_no_errors_of_the_class_round_it() -> None:
    net = HoldsFlagged()
    x = torch.randn(2, 3)
    with scriptkit.eager():
        expected = net(x)

    assert torch.equal(net(x), expected)
    assert "lowered" in str(scriptkit.report(net))
