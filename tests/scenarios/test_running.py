"""Calls: forward, gradients, training and evaluation, exported methods, the way back to Python."""

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, assert_same_gradients, assert_same_state, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Encoder, Net, Outer
from tests.scenarios.watching import compiled_only, python_forwards, run_compiled


def batch(*shape: int) -> Tensor:
    return torch.randn(*(shape or (8, 4)), generator=torch.Generator().manual_seed(1))


@row("forward_equal")
@pytest.mark.parametrize("cls", [Child, Net, Outer, Encoder])
def test_forward_equals_plain(cls: type[nn.Module]) -> None:
    net, plain = twins(cls)
    torch.manual_seed(3)
    out = run_compiled(net, batch())
    torch.manual_seed(3)
    assert_same(out, plain(batch()))
    assert_same_state(net, plain)


@row("really_compiled_train_and_eval")
def test_train_and_eval_both_run_compiled() -> None:
    net, _ = twins(Net)
    run_compiled(net.train(), batch())
    run_compiled(net.eval(), batch())
    assert scriptkit.is_compiled(net)


@row("grads_equal")
def test_gradients_equal_plain() -> None:
    net, plain = twins(Outer)
    x, y = batch().requires_grad_(), batch().requires_grad_()
    run_compiled(net, x).sum().backward()
    plain(y).sum().backward()
    assert_same_gradients(net, plain)
    assert_same(x.grad, y.grad)


@row("optimizer_step")
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_optimizer_steps_equal_plain(optimizer: type[torch.optim.SGD | torch.optim.Adam]) -> None:
    net, plain = twins(Net, p=0.0)
    ours, theirs = optimizer(net.parameters(), lr=0.1), optimizer(plain.parameters(), lr=0.1)
    for _ in range(4):
        ours.zero_grad()
        theirs.zero_grad()
        run_compiled(net, batch()).square().sum().backward()
        plain(batch()).square().sum().backward()
        ours.step()
        theirs.step()
        assert_same_state(net, plain)


@row("train_eval_bn_dropout")
def test_batch_norm_and_dropout_obey_train_and_eval() -> None:
    net, plain = twins(Net)
    for training in (True, False, True):
        torch.manual_seed(7)
        out = run_compiled(net.train(training), batch())
        torch.manual_seed(7)
        assert_same(out, plain.train(training)(batch()))
        assert_same_state(net, plain)


@row("child_eval_only")
def test_a_child_alone_in_eval() -> None:
    net, plain = twins(Net, p=0.0)
    run_compiled(net, batch())
    plain(batch())
    for model in (net, plain):
        model.norm.eval()
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


@row("requires_grad_toggle")
def test_frozen_parameters_get_no_gradient() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch()).sum().backward()
    for model in (net, plain):
        model.zero_grad()
        model.blocks.requires_grad_(requires_grad=False)
    run_compiled(net, batch()).sum().backward()
    plain(batch()).sum().backward()
    assert_same_gradients(net, plain)
    assert net.blocks[0].fc.weight.grad is None


@row("exported_method")
def test_exported_methods_run_compiled() -> None:
    net, plain = twins(Encoder)
    x = batch()
    assert_same(compiled_only(net, net, x), plain(x))
    assert_same(net.encode(x, times=3), plain.encode(x, times=3))
    assert net.runs_compiled()
    assert not plain.runs_compiled()


@row("property_works")
def test_a_property_follows_the_attribute_it_reads() -> None:
    net, plain = twins(Encoder)
    for gain in (2.0, 5.0):
        net.gain = plain.gain = gain
        assert net.doubled == plain.doubled == gain * 2.0
        assert_same(run_compiled(net, batch()), plain(batch()))


class Asks(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return x + 1
        return x - 1


@row("is_scripting")
def test_is_scripting_says_how_the_call_runs() -> None:
    net = Asks()
    assert_same(run_compiled(net, torch.zeros(1)), torch.ones(1))
    assert_same(net.eager(torch.zeros(1)), -torch.ones(1))


@row("eager_escape")
def test_the_way_back_to_python_is_open_and_leaves_no_trace() -> None:
    net, plain = twins(Outer)
    x = batch()
    run_compiled(net, x)
    with python_forwards(net) as entered, scriptkit.eager():
        assert_same(net(x), plain(x))
    assert entered[0] == "Outer"
    assert "Child" in entered
    with python_forwards(net) as entered:
        assert_same(net.eager(x), plain(x))
    assert "Child" in entered
    assert_same(run_compiled(net, x), plain(x))


def test_eager_on_request_is_no_fallback_and_warns_nobody() -> None:
    net = Child()
    net.eager(batch())
    with scriptkit.eager():
        net(batch())
    assert not sum(scriptkit.report(net).eager_calls.values())


def test_eager_is_a_matter_of_one_thread() -> None:
    from concurrent.futures import ThreadPoolExecutor

    net = Child()
    with scriptkit.eager(), ThreadPoolExecutor(1) as pool:
        pool.submit(run_compiled, net, batch()).result()


def test_keyword_and_default_arguments() -> None:
    net, plain = twins(Options)
    x = batch()
    run_compiled(net, x)
    for kwargs in ({}, {"scale": 3.0}, {"bias": x}, {"scale": 0.5, "bias": x, "mode": "over"}):
        assert_same(run_compiled(net, x, **kwargs), plain(x, **kwargs))
        assert_same(run_compiled(net, **kwargs, x=x), plain(**kwargs, x=x))
    assert_same(run_compiled(net, x, 3.0, x), plain(x, 3.0, x))


class Options(ScriptableModule):
    def forward(
        self,
        x: Tensor,
        scale: float = 2.0,
        bias: Tensor | None = None,
        mode: str = "times",
    ) -> Tensor:
        if bias is not None:
            x = x + bias
        return x * scale if mode == "times" else x / scale


def test_inference_mode_after_a_call_with_gradients() -> None:
    """Raw TorchScript says "Inference tensors cannot be saved for backward" for this order of calls."""
    net, plain = twins(Child)
    for mode in (torch.enable_grad, torch.inference_mode, torch.enable_grad, torch.inference_mode, torch.no_grad):
        with mode():
            out, expected = net(batch()), plain(batch())
        assert_same(out, expected)
        assert out.is_inference() == expected.is_inference()
    run_compiled(net, batch())


def test_inference_mode_of_one_instance_after_training_of_another() -> None:
    (net, plain), other = twins(Child), Child()
    for _ in range(3):
        run_compiled(other, batch()).sum().backward()
    with torch.inference_mode():
        assert_same(run_compiled(net, batch()), plain(batch()))


@pytest.mark.parametrize("warm_calls", [1, 4])
def test_no_grad_after_training(warm_calls: int) -> None:
    """Raw TorchScript records a graph under `no_grad` once it has seen a call with gradients."""
    net, plain = twins(Child)
    for _ in range(warm_calls):
        run_compiled(net, batch()).sum().backward()
    for mode in (torch.no_grad, torch.inference_mode, torch.no_grad, torch.enable_grad):
        with mode():
            assert_same(run_compiled(net, batch()), plain(batch()))


def test_pinned_calls_the_same_code_without_the_check() -> None:
    net, plain = twins(Outer)
    pinned = scriptkit.pinned(net)
    assert_same(compiled_only(net, pinned, batch()), plain(batch()))
    with torch.no_grad():
        net.head.weight.zero_()
        plain.head.weight.zero_()
    assert_same(compiled_only(net, pinned, batch()), plain(batch()))
