"""Calls within calls, and errors midway: the state after them is that of a plain module."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.models import Child, Counter
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled

pytestmark = pytest.mark.filterwarnings("ignore::scriptkit.errors.ScriptkitWarning")


class Recursive(ScriptableModule):
    """An ignored method calls the module again, and changes what compiled code reads."""

    depth: int
    log: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.log = []
        self.fc = nn.Linear(4, 4)

    @scriptkit.ignore
    def again(self, x: Tensor) -> Tensor:
        if self.depth < 3:
            out: Tensor = self(x)
            return out
        self.log.append(100)
        return x

    def forward(self, x: Tensor) -> Tensor:
        self.depth += 1
        self.log.append(self.depth)
        x = self.again(self.fc(x)) + self.depth  # scriptkit: allow[python-call]
        self.depth -= 1
        return x * len(self.log)


def test_a_module_that_calls_itself_through_an_ignored_method() -> None:
    net, plain = twins(Recursive)
    for _ in range(2):
        assert_same(net(batch()), plain(batch()))
        assert_same_state(net, plain)


def test_a_hook_that_calls_the_module_again() -> None:
    net, plain = twins(Counter)
    for model in (net, plain):

        def hook(module: nn.Module, args: tuple[Tensor], out: Tensor) -> Tensor | None:
            return module(args[0]) + out if module.calls < 3 else None  # type: ignore[operator]

        model.register_forward_hook(hook)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


class Raises(ScriptableModule):
    """Counts, then raises for negative input."""

    calls: int

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.child = Counter()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        x = self.child(self.fc(x))
        if self.calls % 2 == 0:
            raise ValueError(f"call {self.calls}")
        return x


@pytest.mark.parametrize("norm", [None, parametrizations.weight_norm, parametrizations.spectral_norm])
def test_state_after_an_error_midway(norm: object) -> None:
    net, plain = twins(Raises)
    for model in (net, plain):
        if callable(norm):
            torch.manual_seed(0)
            norm(model.fc)
        for expected in (False, True, False, True):
            if expected:
                with pytest.raises(ValueError, match="call"):
                    model(batch())
            else:
                model(batch())
    assert_same_state(net, plain)
    assert net.calls == 4
    assert net.child.calls == 4


def test_a_pre_hook_that_raises_leaves_the_module_usable() -> None:
    net, plain = twins(Child)

    def refuse(*_: object) -> None:
        raise ValueError("refused")

    handle = net.register_forward_pre_hook(refuse)
    with pytest.raises(ValueError, match="refused"):
        net(batch())
    handle.remove()
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_a_pre_hook_that_changes_the_module_before_it_runs() -> None:
    net, plain = twins(Child)
    run_compiled(net, batch())
    for model in (net, plain):

        def change(module: nn.Module, _args: object) -> None:
            module.scale += 1.0  # type: ignore[assignment, operator]
            module.fc = nn.Linear(4, 4)
            nn.init.ones_(module.fc.weight)
            nn.init.zeros_(module.fc.bias)

        model.register_forward_pre_hook(change)
    for _ in range(3):
        assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)
