"""Patterns that stop `torch.jit.script` by accident: it fails or differs, a `ScriptableModule` equals eager."""

import warnings
from collections.abc import Iterator
from unittest import mock

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import CompilationError, ScriptkitWarning
from tests.engines.torchscript import future_models, lifted_models
from tests.scenarios.comparing import assert_same, assert_same_state, plain_class, plain_module, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import python_forwards, run_compiled

FAILS = [
    pytest.param(future_models.Postponed, "Unknown type annotation", id="future annotations"),
    pytest.param(future_models.PostponedChild, "Unknown type annotation", id="future annotations in a subclass"),
    pytest.param(lifted_models.Quoted, "Unknown type annotation", id="quoted annotations"),
    pytest.param(lifted_models.Inheriting, None, id="inherited annotations"),
    pytest.param(lifted_models.Submodules, None, id="annotated submodules"),  # torch 2.9 has no words for it
    pytest.param(lifted_models.FinalInInit, None, id="Final in __init__"),
    pytest.param(lifted_models.Comments, "# type:", id="comments"),
    pytest.param(lifted_models.SuperForward, None, id="super().forward"),
    pytest.param(lifted_models.SuperTwice, None, id="super() over two levels"),
    pytest.param(lifted_models.SuperLibrary, None, id="super() of a torch module"),
    pytest.param(lifted_models.ThroughTheClass, None, id="nn.Linear.forward(self, x)"),
    pytest.param(lifted_models.ImportedConstant, "python value of type", id="from math import pi"),
    pytest.param(lifted_models.ComprehensionNames, "previously had type", id="names of comprehensions"),
    pytest.param(lifted_models.Constants, "python value of type", id="module-level constants"),
]


@pytest.fixture(autouse=True)
def _checks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")


@pytest.mark.parametrize(("cls", "torch_says"), FAILS)
def test_what_torch_refuses_runs_compiled_and_equals_eager(cls: type[nn.Module], torch_says: str | None) -> None:
    net, plain = twins(cls)
    with pytest.raises(Exception, match=torch_says):
        torch.jit.script(plain)
    for rows in (8, 2):
        assert_same(run_compiled(net, batch(rows, 4)), plain(batch(rows, 4)))
    assert_same_state(net, plain)
    assert_same(scriptkit.to_torchscript(net)(batch()), plain(batch()))


@pytest.mark.parametrize("cls", [future_models.PostponedChild, lifted_models.Inheriting])
def test_state_declared_by_a_lifted_annotation_follows_python(cls: type[nn.Module]) -> None:
    net, plain = twins(cls)
    run_compiled(net, batch())
    for model in (net, plain):
        model.gains.append(2.0)
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_an_attribute_of_any_type_takes_values_of_every_type() -> None:
    net, plain = twins(lifted_models.OfAnyType)
    for _ in range(2):
        assert_same(run_compiled(net, batch()), plain(batch()))
        assert net.value == plain.value == "seen"
    for model in (net, plain):
        model.value = torch.full((1,), 2.0)
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_an_optional_submodule_set_later() -> None:
    net, plain = twins(lifted_models.Submodules)
    run_compiled(net, batch())
    net.down = plain.down = nn.Tanh()
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_what_a_method_calls_its_object_is_free_and_so_is_where_a_line_ends() -> None:
    class Terse(scriptkit.ScriptableModule):
        def __init__(this) -> None:  # noqa: N805
            super().__init__()
            this.seen: list[int] = []; this.last: int | None = None  # fmt: skip # noqa: E702

        def forward(this, x: Tensor) -> Tensor:  # noqa: N805
            this.seen.append(x.size(0))
            this.last = len(this.seen)
            return x

    net = Terse()
    net(batch())
    assert (net.seen, net.last) == ([batch().size(0)], 1)


def test_a_final_declared_in_init_cannot_be_reassigned() -> None:
    net, plain = twins(lifted_models.FinalInInit, depth=2)
    assert_same(run_compiled(net, batch()), plain(batch()))
    with pytest.raises(AttributeError, match=r"depth.*Final"):
        net.depth = 4


CHANGES: list[tuple[str, object]] = [
    ("THRESHOLD", 0.7),
    ("THRESHOLD", 2),
    ("ROUNDS", 1),
    ("MODE", "single"),
    ("ENABLED", False),
    ("SIZES", (4, 2)),
    ("SIZES", (1, 2, 3, 4)),
    ("DTYPE", torch.float32),
    ("WORDS", ("a", "defg")),
]


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_a_changed_constant_of_the_file_is_seen_by_compiled_code(name: str, value: object) -> None:
    net, plain = twins(lifted_models.Constants)
    before = run_compiled(net, batch())
    with mock.patch.object(lifted_models, name, value), mock.patch.object(plain_module(lifted_models), name, value):
        assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same(run_compiled(net, batch()), before)


@pytest.mark.parametrize("cls", [lifted_models.NoGrad, lifted_models.NoGradBare, lifted_models.InferenceMode])
def test_gradient_decorators_are_honoured(cls: type[nn.Module]) -> None:
    net, plain = twins(cls)
    x = batch().requires_grad_()
    for _ in range(3):
        out, expected = run_compiled(net, x), plain(x)
        assert_same(out, expected)
        assert not out.requires_grad
        assert out.is_inference() == expected.is_inference()
    assert not scriptkit.to_torchscript(net)(x).requires_grad


def test_raw_torch_looks_for_names_in_the_file_of_the_decorator() -> None:
    _, plain = twins(lifted_models.NoGrad)
    with pytest.raises(RuntimeError, match="undefined value torch"):
        torch.jit.script(plain)


def test_a_gradient_decorator_on_a_called_method_is_honoured() -> None:
    net, plain = twins(lifted_models.NoGradMethod)
    run_compiled(net, batch()).sum().backward()
    plain(batch()).sum().backward()
    assert net.fc.weight.grad is not None
    assert_same_state(net, plain)


def test_any_other_decorator_is_an_error_that_names_it() -> None:
    def twice(function):  # type: ignore[no-untyped-def]
        import functools

        @functools.wraps(function)
        def wrapper(self, x):  # type: ignore[no-untyped-def]
            return function(self, x) * 2

        return wrapper

    class Decorated(scriptkit.ScriptableModule):
        @twice  # type: ignore[untyped-decorator]
        def forward(self, x: Tensor) -> Tensor:
            return x + 1

    with pytest.raises(CompilationError, match="twice") as caught:
        Decorated()
    assert caught.value.diagnostics[0].method == "forward"


@pytest.fixture
def _saving_is_not_the_matter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScriptkitWarning)
        yield


@pytest.mark.usefixtures("_saving_is_not_the_matter")
@pytest.mark.parametrize("nested", [False, True])
def test_an_ignored_method_receives_the_users_object(nested: bool) -> None:
    """Raw torch.jit.script hands it a stand-in: writes are lost, and calling a submodule fails."""
    if nested:
        holder, plain_holder = twins(lifted_models.HoldsIgnores)
        net, plain = holder.inner, plain_holder.inner
    else:
        holder, plain_holder = net, plain = twins(lifted_models.Ignores)
    for _ in range(2):
        with python_forwards(holder) as entered:
            out = holder(batch())
        assert entered == ["Linear"], "the layer called by the ignored method, and nothing else"
        assert_same(out, plain_holder(batch()))
    assert net.count == plain.count == 2
    assert net.seen == [net, net]
    out.sum().backward()
    assert net.fc.weight.grad is not None


def test_raw_torch_hands_an_ignored_method_a_stand_in() -> None:
    plain = plain_class(lifted_models.Ignores)()
    with pytest.raises(Exception):
        torch.jit.script(plain)(batch())
