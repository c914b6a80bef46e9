"""What torch.jit.script takes as it is: hooks, `backward` inside of `forward`, methods that stay in Python."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import ArtifactError, CompilationError, ScriptkitEagerWarning, ScriptkitWarning

if TYPE_CHECKING:
    from collections.abc import Callable


def doubled(module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0] * 2,)


def raised(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
    return output + 1


class Hooked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.fc.register_forward_pre_hook(doubled)
        self.last = self.register_forward_hook(raised)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


def loaded(module: nn.Module, *inputs: Any) -> Any:
    file = io.BytesIO()
    scriptkit.save(module, file, example_inputs=inputs)
    file.seek(0)
    return scriptkit.load(file)


def test_hooks_that_compile_run_compiled_and_are_in_the_file() -> None:
    module, x = Hooked(), torch.rand(2, 3)
    compiled = scriptkit.compile(module, (x,))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(compiled(x), module(x))
        assert torch.equal(loaded(compiled, x)(torch.ones(4, 3)), module(torch.ones(4, 3)))
        nn.init.ones_(module.fc.weight)
        assert torch.equal(compiled(x), module(x))


@pytest.mark.parametrize(
    "change",
    [
        lambda module: module.last.remove(),
        lambda module: module.fc.register_forward_hook(lambda *_: torch.zeros(2, 3)),
        lambda module: module.fc.register_full_backward_hook(lambda *_: None),
    ],
    ids=["removed", "added", "of the backward pass"],
)
def test_hooks_that_changed_since_run_as_python_and_are_in_no_file(change: Callable[[Any], Any]) -> None:
    module, x = Hooked(), torch.rand(2, 3)
    compiled = scriptkit.compile(module, (x,))
    change(module)
    with pytest.warns(ScriptkitEagerWarning, match="hooks"):
        assert torch.equal(compiled(x), module(x))
    with pytest.raises(CompilationError, match="hooks"):
        scriptkit.save(compiled, io.BytesIO())


def test_a_hook_of_the_backward_pass_is_never_lost() -> None:
    module, x, seen = Hooked(), torch.rand(2, 3, requires_grad=True), []
    module.fc.register_full_backward_hook(lambda *_: seen.append("backward"))
    compiled = scriptkit.compile(module, (x,))
    with pytest.warns(ScriptkitEagerWarning, match="hooks"):
        compiled(x).sum().backward()
    assert seen == ["backward"]


class Sensitivity(nn.Module):
    """How much the output depends on each input."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x.detach().requires_grad_()
        loss = self.fc(x).square().sum()
        loss.backward()
        gradient = x.grad
        assert gradient is not None
        return gradient


def test_a_forward_that_differentiates_compiles_and_leaves_the_gradients_of_the_user() -> None:
    module, x = Sensitivity(), torch.rand(2, 3)
    module.fc.weight.grad = torch.full((1, 3), 7.0)
    compiled = scriptkit.compile(module, (x,))
    in_file = loaded(compiled, x)
    assert module.fc.weight.grad.tolist() == [[7.0, 7.0, 7.0]]
    assert module.fc.bias.grad is None
    assert not compiled.eager_calls
    for form in (compiled, in_file):
        assert torch.equal(form(x + 1), module(x + 1))


class LooseSensitivity(Sensitivity):
    def forward(self, x, **options):  # type: ignore[no-untyped-def]
        return super().forward(x) * options.get("scale", 1)


def test_a_forward_that_differentiates_and_does_not_script_is_refused_with_both_reasons() -> None:
    module = LooseSensitivity()
    with pytest.raises(CompilationError, match=r"calls `backward`.*does not script") as caught:
        scriptkit.compile(module, (torch.rand(2, 3),))
    assert "test_scripted_by_torch.py" in caught.value.headline
    assert module.fc.weight.grad is None


class Ranked(nn.Module):
    @torch.jit.ignore  # type: ignore[untyped-decorator]
    def ranked(self, x: Tensor) -> Tensor:
        return torch.tensor(sorted(x.flatten().tolist(), key=lambda value: -value))

    def forward(self, x: Tensor) -> Tensor:
        return self.ranked(x) * 2  # type: ignore[no-any-return]


@pytest.mark.parametrize("modes", [None, {"": "script"}])
def test_a_method_that_stays_in_python_compiles_for_this_process_only(modes: dict[str, str] | None) -> None:
    module, x = Ranked(), torch.rand(2, 3)
    with pytest.warns(ScriptkitWarning, match=r"Ranked cannot be saved: .*`ranked`, which stays in Python") as caught:
        compiled = scriptkit.compile(module, (x,), modes=modes)
    assert caught[0].filename == __file__
    assert torch.equal(compiled(-x), module(-x))
    assert not compiled.eager_calls
    assert "`ranked`" in scriptkit.report(compiled).rows[0].reason
    with pytest.raises(ArtifactError, match="calls `ranked`, which stays in Python"):
        scriptkit.save(compiled, io.BytesIO())


class Normed(nn.Module):
    def __init__(self, norm: Callable[[nn.Module], nn.Module]) -> None:
        super().__init__()
        self.conv, self.fc = norm(nn.Conv1d(2, 3, 3)), norm(nn.Linear(4, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).relu())  # type: ignore[no-any-return]


def of_old(norm: Any) -> Callable[[nn.Module], nn.Module]:
    """`weight_norm` and `spectral_norm` as models of the last years have them: a hook computes the weight."""

    def apply(module: nn.Module) -> nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made: nn.Module = norm(module)
        return made

    return apply


@pytest.mark.parametrize("norm", [nn.utils.weight_norm, nn.utils.spectral_norm], ids=lambda norm: norm.__name__)
def test_a_weight_that_a_hook_of_torch_computes_follows_training_and_is_in_the_file(norm: Any) -> None:
    torch.manual_seed(0)
    module, theirs = Normed(of_old(norm)), Normed(of_old(norm))
    theirs.load_state_dict(module.state_dict())
    x = torch.rand(3, 2, 6)
    compiled = scriptkit.compile(module, (x,))
    assert scriptkit.report(compiled).rows[0].mode == "lowered"
    optimizers = [torch.optim.SGD(one.parameters(), 0.1) for one in (compiled, theirs)]
    for _ in range(3):
        for form, optimizer in zip((compiled, theirs), optimizers, strict=True):
            optimizer.zero_grad()
            form(x).square().sum().backward()
            optimizer.step()
    for one in (module, theirs):
        one.eval()
    assert torch.equal(compiled(x), theirs(x))
    assert torch.equal(loaded(compiled, x)(x + 1), theirs(x + 1))
    assert not compiled.eager_calls


def test_a_hook_of_torch_that_is_removed_is_lowered_no_more() -> None:
    module, x = Normed(of_old(nn.utils.weight_norm)), torch.rand(3, 2, 6)
    compiled = scriptkit.compile(module, (x,))
    nn.utils.remove_weight_norm(module.conv)
    assert torch.equal(compiled(x), module(x))
    assert not compiled.eager_calls
    assert "_weight_norm(self.fc" in compiled.code
    assert "_weight_norm(self.conv" not in compiled.code


def test_a_module_with_a_hook_that_is_python_compiles_again_when_the_hook_is_gone() -> None:
    module, x, seen = Sensitivity(), torch.rand(2, 3), []
    handle = module.fc.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    compiled = scriptkit.compile(module, (x,))
    assert "`fc`" in scriptkit.report(compiled).rows[0].reason
    seen.clear()
    with pytest.warns(ScriptkitEagerWarning, match="hooks"):
        compiled(x)
    assert len(seen) == 1
    handle.remove()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(compiled(x), module(x))


def test_saving_says_which_hooks_are_in_no_file() -> None:
    module = scriptkit.compile(Normed(lambda module: module))
    module.fc.register_forward_hook(lambda *_: None)
    with pytest.warns(ScriptkitWarning, match=r"Normed has hooks that are in no file \(`fc`\)") as caught:
        scriptkit.save(module, io.BytesIO())
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scriptkit.save(module, io.BytesIO(), example_inputs=(torch.rand(3, 2, 6),))


def tripled(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
    return factor(output)


def factor(x: Tensor) -> Tensor:
    return x * 3


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), Hooked()
        self.first.register_forward_hook(tripled)
        self.handle = self.first.register_forward_hook(raised)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


def by_a_hook_on_all(module: Pair, _patch: pytest.MonkeyPatch) -> Callable[[], None]:
    hook = lambda part, _inputs, output: output + 1 if part is module.first else output
    return nn.modules.module.register_module_forward_hook(hook).remove


def by_a_method_of_the_instance(module: Pair, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(module.first, "forward", lambda x: x * 50)


def by_order(module: Pair, _patch: pytest.MonkeyPatch) -> None:
    hooks: Any = module.first._forward_hooks
    hooks.move_to_end(module.handle.id, last=False)


def by_what_a_hook_calls(_module: Pair, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(tripled.__globals__, "factor", torch.neg)


def by_the_code_of_a_hook(_module: Pair, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tripled, "__code__", raised.__code__)


@pytest.mark.parametrize(
    "change",
    [by_a_hook_on_all, by_a_method_of_the_instance, by_order, by_what_a_hook_calls, by_the_code_of_a_hook],
    ids=lambda change: change.__name__,
)
def test_what_changes_round_compiled_hooks_is_noticed(change: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module, x = Pair(), torch.rand(2, 3)
    compiled = scriptkit.compile(module, (x,))
    before = compiled(x)
    assert not compiled.eager_calls
    undo = change(module, monkeypatch)
    try:
        with pytest.warns(ScriptkitEagerWarning, match="runs as Python here"):
            found = compiled(x)
        expected = module(x)
        with pytest.raises(CompilationError):
            scriptkit.save(compiled, io.BytesIO())
    finally:
        if undo is not None:
            undo()
    assert torch.equal(found, expected)
    assert not torch.equal(found, before)


class Bounded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls: Tensor
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.sum() > 100):
            raise RuntimeError("too much")
        return x


def counted(module: Bounded, inputs: tuple[Tensor], output: Tensor) -> None:
    module.calls.add_(1)


def test_a_hook_that_runs_after_an_exception_is_not_compiled_as_one_that_does_not() -> None:
    bounded = Bounded()
    module = nn.Sequential(bounded)
    bounded.register_forward_hook(counted, always_call=True)
    compiled = scriptkit.compile(module, (torch.ones(2),))
    with pytest.warns(ScriptkitEagerWarning, match="hooks"), pytest.raises(RuntimeError, match="too much"):
        compiled(torch.full((2,), 99.0))
    assert bounded.calls.item() == 1


def test_compiling_what_differentiates_leaves_the_graph_and_the_weights_of_the_user() -> None:
    weight = torch.ones(3, requires_grad=True)
    x = (weight * 2)[None]
    module: Any = Sensitivity()
    module.loose = [nn.Parameter(torch.ones(3))]
    seen: list[Tensor] = []
    module.fc.weight.register_hook(seen.append)
    scriptkit.save(scriptkit.compile(module, (x,)), io.BytesIO(), example_inputs=(x,))
    assert weight.grad is None
    assert not seen
    x.sum().backward()


class Steps(nn.Module):
    """Changes its weight in each call."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        loss = (x * self.weight).square().sum()
        gradient = torch.autograd.grad([loss], [self.weight])[0]
        assert gradient is not None
        with torch.no_grad():
            self.weight.sub_(0.1 * gradient)
        return loss.detach()


def test_a_forward_that_trains_itself_compiles_and_is_left_as_it_was() -> None:
    module, x = Steps(), torch.rand(2, 3)
    compiled = scriptkit.compile(module, (x,))
    assert module.weight.tolist() == [1.0, 1.0, 1.0]
    assert module.weight.grad is None
    plain = Steps()
    for _ in range(3):
        torch.testing.assert_close(compiled(x), plain(x))
        torch.testing.assert_close(module.weight, plain.weight)


def test_saving_says_that_the_hooks_of_the_compiled_module_itself_are_in_no_file() -> None:
    compiled = scriptkit.compile(Bounded(), (torch.ones(2),))
    compiled.register_forward_hook(lambda *_: None)
    with pytest.warns(ScriptkitWarning, match="Bounded has hooks that are in no file"):
        scriptkit.save(compiled, io.BytesIO(), example_inputs=(torch.ones(2),))


class Scaled:
    """A hook that is an object."""

    def __call__(self, module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        return output * 2


def test_the_call_of_a_hook_that_is_an_object_is_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    module, x = Pair(), torch.rand(2, 3)
    module.second = nn.Linear(3, 3)  # type: ignore[assignment]
    module.second.register_forward_hook(Scaled())
    compiled = scriptkit.compile(module, (x,))
    assert scriptkit.report(compiled).rows[0].mode == "lowered"
    monkeypatch.setattr(Scaled, "__call__", lambda _self, _module, _inputs, output: output * 7)
    assert torch.equal(compiled(x), module(x))
