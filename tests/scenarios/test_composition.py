"""Trees of scriptable and plain modules."""

from typing import TypeVar

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, plain_class, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import compiled_only, python_forwards, run_compiled

T = TypeVar("T")


@row("sequential_of_scriptables")
def test_a_plain_sequential_of_scriptable_modules() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(Child(), Child())
    torch.manual_seed(0)
    plain = nn.Sequential(plain_class(Child)(), plain_class(Child)())
    with python_forwards(net) as entered:
        out = net(batch())
    assert entered == ["Sequential"]
    assert_same(out, plain(batch()))
    assert_same(run_compiled(net[0], batch()), plain[0](batch()))


class Inside(nn.Module):
    """A plain parent of scriptable children."""

    def __init__(self, *children: nn.Module) -> None:
        super().__init__()
        self.children_ = nn.ModuleList(children)

    def forward(self, x: Tensor) -> Tensor:
        for child in self.children_:
            x = child(x)
        return x


@row("scriptable_inside_plain")
def test_a_scriptable_module_inside_a_plain_one() -> None:
    (child, plain_child), (outer, plain_outer) = twins(Child), twins(Outer)
    net, plain = Inside(child, outer), Inside(plain_child, plain_outer)
    with python_forwards(net) as entered:
        out = net(batch())
    assert entered == ["Inside"]
    assert_same(out, plain(batch()))
    assert_same(run_compiled(outer, batch()), plain_outer(batch()))


@row("child_called_directly")
def test_a_child_called_on_its_own() -> None:
    net, plain = twins(Outer)
    for _ in range(2):
        assert_same(run_compiled(net.blocks[0], batch()), plain.blocks[0](batch()))
        assert_same(run_compiled(net, batch()), plain(batch()))
        for model in (net, plain):
            model.blocks[0].scale += 1.0


class Given(ScriptableModule):
    """Takes modules built by somebody else."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first = first
        self.second = second

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(self.first(x))
        return out


@row("children_passed_from_outside")
def test_children_built_and_called_before_their_parent() -> None:
    (child, plain_child), (outer, plain_outer) = twins(Child), twins(Outer)
    run_compiled(child, batch())
    net, plain = Given(child, outer), plain_class(Given)(plain_child, plain_outer)
    assert_same(run_compiled(net, batch()), plain(batch()))
    child.scale = plain_child.scale = 0.25
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same(run_compiled(child, batch()), plain_child(batch()))


def test_one_child_in_two_parents() -> None:
    child, plain_child = twins(Child)
    nets = [Given(child, nn.ReLU()), Given(nn.Tanh(), child)]
    plains = [plain_class(Given)(plain_child, nn.ReLU()), plain_class(Given)(nn.Tanh(), plain_child)]
    for scale in (1.0, 3.0):
        child.scale = plain_child.scale = scale
        for net, plain in zip(nets, plains, strict=True):
            assert_same(run_compiled(net, batch()), plain(batch()))


def test_none_submodules_and_optional_branches() -> None:
    for down in (None, nn.Linear(4, 4)):
        net = Residual(down)
        plain = plain_class(Residual)(down)
        assert_same(run_compiled(net, batch()), plain(batch()))


class Residual(ScriptableModule):
    def __init__(self, down: nn.Module | None) -> None:
        super().__init__()
        self.down = down

    def forward(self, x: Tensor) -> Tensor:
        if self.down is not None:
            return x + self.down(x)  # type: ignore[no-any-return]
        return x + x


def test_report_shows_every_module_of_the_tree() -> None:
    net, _ = twins(Outer)
    report = scriptkit.report(net)
    assert [r.path for r in report.rows] == [path for path, _ in net.named_modules()]
    assert {r.mode for r in report.rows} == {"script"}
    assert {r.class_name for r in report.rows} >= {"Outer", "Child", "Linear", "ModuleList", "Sequential"}
    text = str(report)
    assert all(name in text for name in ("Outer", "blocks", "Child", "head"))


def test_compiled_only_notices_python() -> None:
    net = Inside(Child())
    with pytest.raises(AssertionError, match="Python ran"):
        compiled_only(net, net, batch())
