"""What surrounds a call holds for compiled code: defaults, modes, tensor subclasses, derivatives, output streams."""

import warnings

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from scriptkit import ScriptableModule, ScriptkitEagerWarning
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled, runs_eagerly


class Speaks(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        print("shape", x.size(0), "and", 2.5)  # noqa: T201 what it does is the matter
        return x


def test_print_writes_to_the_stdout_of_python(capsys: pytest.CaptureFixture[str]) -> None:
    net, _ = twins(Speaks)
    run_compiled(net, batch())
    assert capsys.readouterr().out == "shape 8 and 2.5\n"


class Warns(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        warnings.warn("careful")  # noqa: B028 the level is the matter of no compiler
        return x


def test_a_warning_given_by_compiled_code_is_a_python_warning() -> None:
    net, _ = twins(Warns)
    for _ in range(2):
        with pytest.warns(UserWarning, match="careful"):
            run_compiled(net, batch())


class Makes(ScriptableModule):  # scriptkit: allow[tensor-on-default-device]
    """Makes tensors without saying where or of what type."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros(2, 4) + torch.tensor(1.5) + torch.arange(4) + torch.full((1,), 2.0)


def test_the_default_dtype_holds_for_tensors_made_by_compiled_code() -> None:
    net, plain = twins(Makes)
    assert_same(run_compiled(net, batch()), plain(batch()))
    torch.set_default_dtype(torch.float64)
    try:
        assert_same(run_compiled(net, batch()), plain(batch()))
        assert net(batch()).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_a_default_device_holds_for_tensors_made_by_the_module() -> None:
    """It is a mode in Python, which compiled code does not see."""
    net, plain = twins(Makes)
    run_compiled(net, batch())
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ScriptkitEagerWarning)
        assert net(batch()).device == plain(batch()).device == torch.device("meta")
    assert_same(run_compiled(net, batch()), plain(batch()))


class Doubles(TorchFunctionMode):
    """A mode of the user's own that changes what an operator does."""

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        return out * 2 if func is torch.relu else out


class Relu(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


def test_a_torch_function_mode_sees_every_call() -> None:
    net, plain = twins(Relu)
    run_compiled(net, batch())
    with runs_eagerly(net, "function", calls=1), Doubles():
        mine = net(batch())
    with Doubles():
        assert_same(mine, plain(batch()))
    assert_same(run_compiled(net, batch()), plain(batch()))


class Metres(Tensor):
    """A tensor subclass that knows its unit and keeps it through operators."""


def test_a_tensor_subclass_keeps_its_type_and_rules() -> None:
    net, plain = twins(Relu)
    run_compiled(net, batch())
    x = batch().as_subclass(Metres)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScriptkitEagerWarning)
        assert type(net(x)) is type(plain(x)) is Metres
    assert_same(run_compiled(net, batch()), plain(batch()))


class Smooth(ScriptableModule):
    """Twice differentiable, a part of it without gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            scale = torch.sigmoid(self.fc(x))
        return torch.tanh(self.fc(x)) * scale


def test_gradients_of_gradients() -> None:
    net, plain = twins(Smooth)
    for model in (net, plain):
        for _ in range(3):
            model(batch()).sum().backward()
        x = batch().requires_grad_()
        (first,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
        first.square().sum().backward()
        model.second = x.grad
    assert_same(net.second, plain.second)
    assert_same_state(net, plain)


def test_forward_mode_derivatives_and_jacobians() -> None:
    net, plain = twins(Smooth)
    run_compiled(net, batch())
    results = []
    for model in (net, plain):
        params = {name: p.detach() for name, p in model.named_parameters()}

        def call(x: Tensor, model: nn.Module = model, params: dict[str, Tensor] = params) -> Tensor:
            out: Tensor = torch.func.functional_call(model, params, (x,))
            return out

        tangent = torch.func.jvp(call, (batch(),), (torch.ones(8, 4),))
        results.append([*tangent, torch.func.jacrev(call)(batch(2, 4))])
    assert_same(results[0], results[1])
