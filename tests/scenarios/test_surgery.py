"""Surgery: modules replaced, added and removed anywhere in the tree; parametrizations."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, assert_same_gradients, assert_same_state, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Net, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


def seeded(width_in: int, width_out: int) -> nn.Linear:
    torch.manual_seed(11)
    return nn.Linear(width_in, width_out)


@row("surgery_top")
def test_a_module_replaced_at_the_top() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for out in (5, 2, 5):
        net.head, plain.head = seeded(4, out), seeded(4, out)
        assert_same(run_compiled(net, batch()), plain(batch()))
        assert_same_state(net, plain)


@row("surgery_other_class")
def test_a_module_replaced_by_one_of_another_class() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        model.head = nn.Sequential(seeded(4, 3), nn.Tanh())
    assert_same(run_compiled(net, batch()), plain(batch()))
    for model in (net, plain):
        model.head = nn.Identity()
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


@row("surgery_deep_in_plain_container")
def test_a_module_replaced_deep_in_a_plain_container() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        model.backbone[2][0] = seeded(4, 4)
        model.backbone[1] = nn.Sigmoid()
        model.backbone.append(nn.Tanh())
        model.blocks.append(Child().eval())
        model.blocks[3].load_state_dict(plain.blocks[0].state_dict())
        del model.blocks[0]
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_a_class_that_cannot_be_compiled_put_into_the_tree() -> None:
    """The error names the new module at the next call, and the old tree works again once it is taken out."""
    net, plain = twins(Outer)
    run_compiled(net, batch())
    head = net.head
    net.head = NotScriptable()
    with pytest.raises(scriptkit.TraceHazardError, match="NotScriptable"):
        net(batch())
    net.head = head
    assert_same(net(batch()), plain(batch()))  # the call that a pending module waits for
    assert_same(run_compiled(net, batch()), plain(batch()))


class NotScriptable(nn.Module):
    """Nothing compiles it: no source the compiler takes, and a trace would hold the sum of the example."""

    def forward(self, x: Tensor, **options: float) -> Tensor:
        return x * float(x.detach().numpy().sum())


def test_a_plain_class_put_into_the_tree_is_compiled_in_the_way_that_is_right() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        model.head = Untyped()
    for _ in range(2):
        assert_same(net(batch()), plain(batch()))
    assert scriptkit.report(net).rows[-1].mode == "lowered"
    assert_same(run_compiled(net, batch()), plain(batch()))


class Untyped(nn.Module):
    def forward(self, x: Tensor, **options: float) -> Tensor:
        return x + len(options)


@row("add_param_to_optimizer_after_add_module")
def test_a_module_added_later_is_trained() -> None:
    net, plain = twins(Outer)
    for model in (net, plain):
        model(batch())
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model.backbone.add_module("extra", seeded(4, 4))
        model.register_parameter("unused", nn.Parameter(torch.ones(1)))
        optimizer.add_param_group({"params": model.backbone.get_submodule("extra").parameters()})
        for _ in range(2):
            optimizer.zero_grad()
            model(batch()).square().sum().backward()
            optimizer.step()
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


def test_buffers_and_attributes_added_and_deleted() -> None:
    net, plain = twins(Net, p=0.0)
    for model in (net, plain):
        model(batch())
        model.register_buffer("late", torch.ones(3))
        model.note = "text"
    assert_same(run_compiled(net, batch()), plain(batch()))
    for model in (net, plain):
        del model.late
        del model.note
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


@row("weight_norm")
def test_weight_norm_added_and_removed() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        parametrizations.weight_norm(model.head)
        parametrizations.weight_norm(model.blocks[0].fc)
    for _ in range(2):
        run_compiled(net, batch()).sum().backward()
        plain(batch()).sum().backward()
        assert_same_state(net, plain)
    for model in (net, plain):
        with torch.no_grad():
            model.head.parametrizations.weight.original0.mul_(2.0)
    assert_same(run_compiled(net, batch()), plain(batch()))
    for model in (net, plain):
        parametrize.remove_parametrizations(model.head, "weight")
    assert_same(run_compiled(net, batch()), plain(batch()))


class Normed(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = parametrizations.spectral_norm(nn.Linear(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out


@row("spectral_norm_in_ctor")
def test_spectral_norm_in_the_constructor() -> None:
    net, plain = twins(Normed)
    for training in (True, True, False):
        x, y = batch(), batch()
        run_compiled(net.train(training), x).sum().backward()
        plain.train(training)(y).sum().backward()
        assert_same_gradients(net, plain)
        assert_same_state(net, plain)


def test_a_parametrization_of_the_users_own() -> None:
    class Symmetric(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.triu() + x.triu(1).transpose(-1, -2)

    net, plain = twins(Child)
    run_compiled(net, batch())
    for model in (net, plain):
        parametrize.register_parametrization(model.fc, "weight", Symmetric())
    assert_same(run_compiled(net, batch()), plain(batch()))
    with parametrize.cached():
        assert_same(run_compiled(net, batch()), plain(batch()))


def test_an_orthogonal_layer() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        torch.manual_seed(0)
        parametrizations.orthogonal(model.head)
    for _ in range(2):
        run_compiled(net, batch()).sum().backward()
        plain(batch()).sum().backward()
        assert_same_gradients(net, plain)


def test_a_lazy_tree_says_so_and_cannot_be_saved_before_its_first_call(tmp_path: Path) -> None:
    net, _ = twins(Lazy)
    assert {row.mode for row in scriptkit.report(net).rows} == {"pending"}
    with pytest.raises(scriptkit.ScriptkitError, match="fc"):
        net.save(tmp_path / "model.pt")
    net(batch())
    assert {row.mode for row in scriptkit.report(net).rows} == {"script"}
    net.eval().save(tmp_path / "model.pt")


def test_lazy_modules_compile_after_the_first_call() -> None:
    net, plain = twins(Lazy)
    assert not scriptkit.is_compiled(net)
    torch.manual_seed(2)
    first = net(batch())
    torch.manual_seed(2)
    assert_same(first, plain(batch()))
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


class Lazy(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.LazyLinear(3)
        self.norm = nn.LazyBatchNorm1d()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.fc(x))
        return out
