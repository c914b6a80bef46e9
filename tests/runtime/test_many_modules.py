"""A module of many modules: what changes in one of them is noticed before the next call, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.engines.torchscript.twin import question


class Deep(ScriptableModule):
    """Many modules in one."""

    def __init__(self, count: int = 60) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.BatchNorm1d(3) for _ in range(count)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def replace_weight(net: Deep) -> None:
    net.layers[50].weight = nn.Parameter(torch.full((3,), 2.0))


def replace_buffer(net: Deep) -> None:
    net.layers[7].running_mean = torch.full((3,), 2.0)


def write_the_dictionary(net: Deep) -> None:
    net.layers[3]._parameters["bias"] = nn.Parameter(torch.full((3,), 2.0))


def write_in_place(net: Deep) -> None:
    with torch.no_grad():
        net.layers[9].weight.fill_(3.0)


def train_one(net: Deep) -> None:
    net.layers[11].train()


def exchange_a_layer(net: Deep) -> None:
    net.layers[20] = nn.BatchNorm1d(3, eps=0.5).eval()


def drop_a_layer(net: Deep) -> None:
    del net.layers[20]


def hook(net: Deep) -> None:
    net.layers[30].register_forward_hook(lambda module, args, result: result * 2)


def hide_forward(net: Deep) -> None:
    def forward(input: torch.Tensor) -> torch.Tensor:
        return input * 5

    net.layers[31].forward = forward  # type: ignore[method-assign]


class Other(nn.BatchNorm1d):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input) + 1


def become_another_class(net: Deep) -> None:
    net.layers[40].__class__ = Other


@pytest.mark.parametrize(
    "change",
    [
        *(replace_weight, replace_buffer, write_the_dictionary, write_in_place, train_one, exchange_a_layer),
        *(drop_a_layer, hook, hide_forward, become_another_class),
    ],
)
@pytest.mark.parametrize("calls", [12, 40])
@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
def test_every_change_of_one_of_many_modules_is_noticed_before_the_next_call(
    change: Callable[[Deep], None], calls: int
) -> None:
    check_noticed(change, Deep(), calls)


@pytest.mark.parametrize("change", [replace_buffer, hook, become_another_class])
@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
def test_every_change_is_noticed_after_very_many_calls_where_nothing_is_counted(
    change: Callable[[Deep], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it pays, the question for hundreds of modules is asked in another way."""
    monkeypatch.setattr(question, "can_count", bool)
    check_noticed(change, Deep(240), calls=450)


@pytest.mark.parametrize("counts", [True, False])
def test_a_module_written_before_every_call_is_right_after_very_many(
    counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody need count what is written each time."""
    if not counts:
        monkeypatch.setattr(question, "can_count", bool)
    net, x = Deep().eval(), torch.rand(4, 3)
    with torch.no_grad():
        for number in range(450):
            net.layers[30].bias = nn.Parameter(torch.full((3,), float(number)))
            found = net(x)
            if number % 50 in {0, 9, 49}:
                with scriptkit.eager():
                    torch.testing.assert_close(found, net(x))
    assert scriptkit.is_compiled(net)


def test_tensors_of_one_call_leave_nothing_behind_after_many() -> None:
    """`functional_call` puts the tensors back as they were; they are bound anew."""
    net, x = Deep().eval(), torch.rand(4, 3)
    with torch.no_grad():
        for _ in range(40):
            net(x)
        expected = net(x)
        others = {name: torch.full_like(value, 0.5) for name, value in net.named_parameters()}
        for _ in range(20):
            with scriptkit.eager():
                other = torch.func.functional_call(net, others, (x,))
            torch.testing.assert_close(torch.func.functional_call(net, others, (x,)), other)
            torch.testing.assert_close(net(x), expected)


def check_noticed(change: Callable[[Deep], None], net: Deep, calls: int) -> None:
    net.eval()
    x = torch.rand(4, 3)
    with torch.no_grad():
        for _ in range(calls):
            net(x)
    change(net)
    with scriptkit.eager():
        expected = net(x.clone())
    torch.testing.assert_close(net(x), expected)
    if change is not train_one:  # whose statistics go on
        torch.testing.assert_close(net(x), expected)


def test_threads_that_call_while_one_writes_see_what_was_written() -> None:
    net, x = Deep().eval(), torch.ones(2, 3)
    for _ in range(12):
        net(x)
    wrong: list[float] = []
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            net(x)

    others = [threading.Thread(target=call) for _ in range(2)]
    for other in others:
        other.start()
    for number in range(1, 40):
        net.layers[59].bias = nn.Parameter(torch.full((3,), float(number)))
        found = float(net(x).max().detach())
        with scriptkit.eager():
            expected = float(net(x).max().detach())
        wrong += [found] if found != expected else []
    stop.set()
    for other in others:
        other.join()
    assert wrong == []


class Lowered(nn.Module):
    """A dictionary that is read, and arguments that no script takes."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.factors = nn.Linear(3, 3), {"all": 2}

    def forward(self, x: torch.Tensor, **_: object) -> torch.Tensor:
        return self.fc(x) * self.factors["all"]


class Operators(TorchDispatchMode):
    """Notes what runs."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ran: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.ran.append(str(func.overloadpacket))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("make", [Deep, Lowered])
def test_looking_for_changes_runs_no_operator(make: Callable[[], nn.Module]) -> None:
    """Whoever counts operators counts those of the module."""
    x = torch.rand(4, 3)
    net = make().eval()
    compiled = net if isinstance(net, ScriptableModule) else scriptkit.compile(net, (x,))
    for _ in range(20):
        compiled(x)
    with Operators() as once:
        compiled(x)
    with scriptkit.eager(), Operators() as python:
        compiled(x)
    assert once.ran == python.ran
