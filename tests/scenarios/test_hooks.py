"""Hooks: those of the root run round compiled code, one on an inner module makes Python run round compiled children."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.utils.checkpoint import checkpoint

from scriptkit import ScriptableModule
from scriptkit.errors import ScriptkitEagerWarning
from tests.scenarios.comparing import assert_same, assert_same_gradients, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Net, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import python_forwards, run_compiled, runs_eagerly


def halve(_module: nn.Module, _args: Any, output: Tensor) -> Tensor:
    return output / 2


def negate(_module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
    return (-args[0],)


@row("hooks_root_before_and_after")
def test_hooks_of_the_root_run_round_compiled_code() -> None:
    net, plain = twins(Net, p=0.0)
    run_compiled(net, batch())
    plain(batch())
    handles = [h for m in (net, plain) for h in (m.register_forward_pre_hook(negate), m.register_forward_hook(halve))]
    assert_same(run_compiled(net, batch()), plain(batch()))
    for handle in handles:
        handle.remove()
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_hooks_with_keyword_arguments() -> None:
    net, plain = twins(Child)
    for model in (net, plain):
        model.register_forward_pre_hook(lambda _m, args, kwargs: (args, {"x": kwargs["x"] * 2}), with_kwargs=True)
        model.register_forward_hook(lambda _m, _args, kwargs, out: out + kwargs["x"], with_kwargs=True)
    assert_same(run_compiled(net, x=batch()), plain(x=batch()))


def test_a_forward_hook_that_must_always_run() -> None:
    told: list[str] = []
    net, _ = twins(Child)
    net.register_forward_hook(lambda *_: told.append("ran"), always_call=True)
    with pytest.raises(RuntimeError):
        net(torch.ones(2, 3))
    assert told == ["ran"]


@row("hooks_child_after")
def test_a_hook_on_an_inner_module_runs() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    handles = [m.blocks[1].register_forward_hook(halve) for m in (net, plain)]
    with runs_eagerly(net, "hook", calls=2):
        for _ in range(2):
            assert_same(net(batch()), plain(batch()))
    with python_forwards(net) as entered:
        net(batch())
    assert entered.count("Child") == 0, "the children keep their twins, also the one with a hook of its own"
    for handle in handles:
        handle.remove()
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("hooks_full_backward")
def test_full_backward_hooks() -> None:
    seen: list[str] = []

    def note(name: str) -> Callable[..., None]:
        return lambda *_: seen.append(name)

    net, plain = twins(Outer)
    run_compiled(net, batch())
    net.register_full_backward_hook(note("root"))
    x = batch().requires_grad_()
    run_compiled(net, x).sum().backward()
    assert seen == ["root"]
    net.blocks[0].register_full_backward_hook(note("inner"))
    with runs_eagerly(net, "hook", calls=1):
        net(x).sum().backward()
    assert seen == ["root", "inner", "root"]
    for _ in range(2):
        plain(batch()).sum().backward()
    assert_same_gradients(net, plain)


class Hooked(ScriptableModule):
    """Registers a hook in its constructor; torch.jit.script tries to compile it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_forward_hook(lambda _m, _args, out: out * 10.0)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out


@row("hook_in_ctor")
def test_a_hook_registered_by_the_constructor() -> None:
    net, plain = twins(Hooked)
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_a_hook_for_all_modules() -> None:
    names: list[str] = []
    net, _ = twins(Outer)
    run_compiled(net, batch())
    handle = register_module_forward_hook(lambda module, _args, _out: names.append(type(module).__name__))
    try:
        with runs_eagerly(net, "hook", calls=1):
            net(batch())
    finally:
        handle.remove()
    assert names.count("Child") == 3
    assert names[-1] == "Outer"
    names.clear()
    run_compiled(net, batch())
    assert not names


@contextmanager
def _silent() -> Iterator[None]:
    """Whether it warns is the matter of another test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScriptkitEagerWarning)
        yield


def test_saved_tensor_hooks() -> None:
    net, plain = twins(Child)
    saved: list[torch.Size] = []

    def pack(tensor: Tensor) -> Tensor:
        saved.append(tensor.shape)
        return tensor

    for model in (net, plain):
        expected = pytest.warns(ScriptkitEagerWarning, match="saved") if model is net else nullcontext()
        with expected, torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            out = model(batch())
        out.sum().backward()
    half = len(saved) // 2
    assert half > 0
    assert saved[:half] == saved[half:]
    assert_same_gradients(net, plain)


@pytest.mark.parametrize("reentrant", [True, False])
def test_activation_checkpointing(reentrant: bool) -> None:
    """Without reentrance, raw TorchScript fails: its hooks on saved tensors raise to stop early."""
    net, plain = twins(Outer)
    for model in (net, plain):
        with _silent():
            checkpoint(model, batch().requires_grad_(), use_reentrant=reentrant).sum().backward()
    assert_same_gradients(net, plain)


def test_saved_tensor_hooks_are_warned_of_and_counted() -> None:
    net, _ = twins(Child)
    with runs_eagerly(net, "saved", calls=2), torch.autograd.graph.save_on_cpu():
        net(batch())
        net(batch())
    run_compiled(net, batch())


def test_a_forward_set_on_the_instance_wins() -> None:
    net, plain = twins(Child)
    run_compiled(net, batch())
    net.forward = lambda x: x * 2
    with runs_eagerly(net, "forward", calls=2):
        for _ in range(2):
            assert_same(net(batch()), batch() * 2)
    del net.forward
    assert_same(run_compiled(net, batch()), plain(batch()))
