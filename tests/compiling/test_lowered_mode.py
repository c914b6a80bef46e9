"""The lowered mode of the plan: chosen before a trace, verified, bound before each call, never another number."""

from __future__ import annotations

import copy
import inspect
import io
import linecache
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.lowering import LoweringError, lower, outputs
from scriptkit.compiling.lowering.program import refusals
from scriptkit.engines.torchscript.programs import files
from scriptkit.live.comparison import compare
from scriptkit.live.nested import flatten

X = torch.linspace(-1, 1, 8).reshape(2, 4)


class Output(NamedTuple):
    y: Tensor
    size: int


class Grows(nn.Module):
    """Asks for the grad mode and for what requires grad."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y: Tensor = self.linear(x) * (2 if torch.is_grad_enabled() else 3)
        return y + 1 if x.requires_grad else y


class Steps(nn.Module):
    """A loop that goes on, counts and breaks."""

    def forward(self, x: Tensor, **_: Any) -> Output:
        y, count = x, 0
        for i in range(x.size(0)):
            if bool(x[i].sum() > 0):
                y = y + i
                count += 1
            elif bool(x[i].min() < -2):
                break
        if count > 1:
            return Output(y, count)
        return Output(-y, x.size(0))


class Drops(nn.Module):
    """Random numbers, running statistics, and parts in different modes."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.first, self.second = nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Dropout(0.25)

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y: Tensor = self.first(self.norm(x)) + 10 * self.second(x)
        return y if self.training else y * 2


class Tied(nn.Module):
    """One weight in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
        self.other.weight = self.one.weight

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y: Tensor = self.one(x) + 2 * self.other(x)
        return y


class Keeps(nn.Module):
    """State in a buffer, written in place and replaced, and in a plain attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(4))
        self.register_buffer("last", torch.zeros(4))
        self.bank = torch.ones(4)
        self.total: Tensor
        self.last: Tensor

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        self.total += x.sum(0)
        self.last = self.last * 0.5 + x.mean(0)
        self.bank.add_(1)
        return x + self.total + self.last + self.bank


class Normed(nn.Module):
    """A parametrized weight."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y: Tensor = self.linear(x)
        return y


class Pair(nn.Module):
    """Writes an argument, which may be the other one."""

    def forward(self, x: Tensor, y: Tensor, **_: Any) -> Tensor:
        x.mul_(2)
        return x + y


MODELS: list[tuple[Callable[[], nn.Module], int]] = [
    *((make, 1) for make in (Grows, Steps, Drops, Tied, Keeps, Normed)),
    (Pair, 2),
]


def pairs(make: Callable[[], nn.Module], count: int, *, training: bool) -> tuple[nn.Module, Any]:
    made = []
    for _ in range(2):
        torch.manual_seed(0)
        made.append(make().train(training))
    compiled = scriptkit.compile(made[1], tuple(X.clone() for _ in range(count)))
    assert scriptkit.report(compiled).rows[0].mode == "lowered"
    return made[0], compiled


def calls(count: int) -> Iterator[tuple[Tensor, ...]]:
    for one in (X, -3 * X.flip(0), torch.cat([X, X + 1]), X.t().contiguous().t(), X[:, :3] if count > 1 else X[:1]):
        yield tuple(one.clone() for _ in range(count))
    if count > 1:
        same = X.clone()
        yield (same,) * count


def outcome(module: Any, args: tuple[Tensor, ...]) -> Any:
    torch.manual_seed(5)
    try:
        result = module(*args)
    except Exception:  # noqa: BLE001 - both have to refuse, each in its own words
        return "refused"
    return result, args, [tensor.requires_grad for tensor in flatten(result)[0]]


def assert_same(eager: nn.Module, compiled: Any) -> None:
    modes: tuple[Callable[[], AbstractContextManager[None]], ...] = (torch.no_grad, torch.enable_grad)
    for mode in modes:
        for requires_grad in (False, True):
            for args in calls(2 if isinstance(eager, Pair) else 1):
                with mode():
                    given = [copy.deepcopy(args) for _ in range(2)]
                    if requires_grad and not isinstance(eager, Pair):
                        for one in given:
                            one[0].requires_grad_()
                    expected, actual = outcome(eager, given[0]), outcome(compiled, given[1])
                assert not compare(expected, actual)
                assert not compare(dict(eager.state_dict()), dict(compiled.state_dict()))


@pytest.mark.filterwarnings("ignore:.*one value per channel")
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize(("make", "count"), MODELS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_lowered_module_gives_what_eager_code_gives_in_every_mode(
    make: Callable[[], nn.Module], count: int, training: bool
) -> None:
    eager, compiled = pairs(make, count, training=training)
    assert_same(eager, compiled)
    eager.train(not training)
    compiled.train(not training)
    assert_same(eager, compiled)
    assert not compiled.eager_calls


def test_parts_may_be_in_different_modes() -> None:
    eager, compiled = pairs(Drops, 1, training=False)
    for module in (eager, compiled.inner):
        module.get_submodule("first").train()
    assert_same(eager, compiled)
    assert not compiled.eager_calls


def test_tied_weights_may_part() -> None:
    eager, compiled = pairs(Tied, 1, training=False)
    for module in (eager, compiled.inner):
        module.get_submodule("one").register_parameter("weight", nn.Parameter(torch.ones(4, 4)))
    assert_same(eager, compiled)


def test_in_double_precision_it_is_right() -> None:
    eager, compiled = pairs(Normed, 1, training=False)
    for module in (eager, compiled):
        module.double()
    assert torch.allclose(compiled(X.double()), eager(X.double()), rtol=0, atol=1e-15)


def test_results_have_the_types_the_user_knows_and_a_file_has_tuples() -> None:
    eager, compiled = pairs(Steps, 1, training=False)
    assert type(compiled(X)) is Output
    loaded = files.load_bytes(files.serialise(scriptkit.to_torchscript(compiled)), None)
    expected = eager(X + 1)
    assert torch.equal(loaded(X + 1)[0], expected.y)
    assert loaded(X + 1)[1] == expected.size


def test_the_keys_of_the_file_are_those_of_the_module() -> None:
    eager, compiled = pairs(Normed, 1, training=False)
    assert set(scriptkit.to_torchscript(compiled).state_dict()) == set(eager.state_dict())


def test_another_structure_of_arguments_is_an_error_that_says_so() -> None:
    _, compiled = pairs(Drops, 1, training=False)
    with pytest.raises(TypeError, match="scale"):
        compiled(X, scale=2)


def test_the_manifest_lists_the_values_that_are_part_of_the_program() -> None:
    _, compiled = pairs(Drops, 1, training=False)
    file = io.BytesIO()
    scriptkit.save(compiled, file, example_inputs=(X,))
    file.seek(0)
    assert "(root): `Dropout.p` is 0.25" in scriptkit.load(file).manifest.trace_assumptions


def test_the_program_can_be_read() -> None:
    _, compiled = pairs(Tied, 1, training=False)
    assert "self.one(x)" in compiled.code


def test_a_hook_on_all_modules_and_a_default_device_run_the_python_code() -> None:
    eager, compiled = pairs(Tied, 1, training=False)
    handle = torch.nn.modules.module.register_module_forward_hook(
        lambda module, _, result: result + 1 if isinstance(module, nn.Linear) else None
    )
    try:
        with pytest.warns(scriptkit.ScriptkitEagerWarning):
            assert torch.equal(compiled(X), eager(X))
    finally:
        handle.remove()
    with torch.device("cpu"), pytest.warns(scriptkit.ScriptkitEagerWarning, match="default device"):
        assert torch.equal(compiled(X), eager(X))
    assert torch.equal(compiled(X), eager(X))


class Backwards(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.relu()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * 2


class OwnBackward(nn.Module):
    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y: Tensor = Backwards.apply(x)  # type: ignore[no-untyped-call]
        return y


@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
def test_a_backward_of_its_own_is_never_lost_in_silence() -> None:
    compiled = scriptkit.compile(OwnBackward(), (X,))
    x = X.clone().requires_grad_()
    try:
        compiled(x).sum().backward()
    except RuntimeError:
        return
    assert x.grad is not None
    assert torch.equal(x.grad, torch.full_like(X, 2.0))


def test_modes_force_lowering_and_a_refusal_is_an_error_with_its_line() -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[int] = []

        def forward(self, x: Tensor, **_: Any) -> Tensor:
            self.seen.append(1)
            return x * len(self.seen)

    assert scriptkit.report(scriptkit.compile(nn.Linear(4, 4), (X,), modes={"": "lowered"})).rows[0].mode == "lowered"
    with pytest.raises(scriptkit.CompilationError) as caught:
        scriptkit.compile(Counts(), (X,), modes={"": "lowered"})
    [diagnostic] = caught.value.diagnostics
    assert (diagnostic.path, diagnostic.name) == (__file__, "state-mutated")


class Clocked(nn.Module):
    def forward(self, x: Tensor, **_: Any) -> Tensor:
        return x * time.time()


class Remembering(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        self.seen.append(x)
        return x


class Both(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.clocks, self.memory = nn.ModuleList([Clocked(), Clocked()]), Remembering()

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        for clock in self.clocks:
            x = clock(x)
        y: Tensor = self.memory(x)
        return y


def test_all_refusals_are_told_at_once_each_with_its_code_and_line() -> None:
    with pytest.raises(LoweringError) as caught:
        scriptkit.compile(Both(), (X,), modes={"": "lowered"})
    found = [(diagnostic.code, diagnostic.name) for diagnostic in caught.value.diagnostics]
    assert found == [("SK903", "call-not-lowered"), ("SK936", "state-mutated")]
    lines = [linecache.getline(__file__, diagnostic.line) for diagnostic in caught.value.diagnostics]
    assert "time.time()" in lines[0]
    assert "append" in lines[1]
    assert all(diagnostic.note and diagnostic.help for diagnostic in caught.value.diagnostics)


def test_every_reason_in_the_source_has_a_code_and_no_code_is_used_twice() -> None:
    folder = Path(inspect.getfile(refusals)).parent
    calls = r"(?:RefusedError|super\(\).__init__)\(\s*\"([a-z-]+)\""
    used = {name for file in folder.glob("*.py") for name in re.findall(calls, file.read_text(encoding="utf-8"))}
    assert used <= refusals.REASONS.keys()
    others = (refusals.BRANCH_NOT_LOWERED, refusals.NOT_COMPILED, refusals.OTHER)
    codes = [reason.code for reason in (*refusals.REASONS.values(), *others)]
    assert len(set(codes)) == len(codes)


def test_what_the_compiler_says_of_a_program_points_at_the_code_of_the_user() -> None:
    raw = """
Arguments for call are not valid.
The following variants are available:

  aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor:
  Expected a value of type 'Tensor' for argument 'other'.
  File "model.py", line 7, in forward
    return x + None
           ~~~~~~~~ <--- HERE
"""
    found = refusals.not_compiled(raw)
    assert (found.path, found.line, found.name) == ("model.py", 7, "program-not-compiled")
    assert "aten::add" in found.message


def test_two_threads_lower_two_models_at_once() -> None:
    models = [make().eval() for make, count in MODELS if count == 1]
    with ThreadPoolExecutor(2) as pool:
        lowered = list(pool.map(lambda model: lower(model, (X.clone(),)), models))
        forms = list(pool.map(lambda one: one.form, lowered))
    with torch.no_grad():
        for model, one in zip(models, lowered, strict=True):
            assert not compare(copy.deepcopy(model)(X.clone()), one.run(X.clone()))
    assert len(forms) == len(models)


def test_an_interrupted_lowering_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Drops()
    attributes = {name: dict(vars(part)) for name, part in model.named_modules()}
    state, generator = copy.deepcopy(model.state_dict()), torch.get_rng_state()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(outputs, "write_return", interrupt)
    with pytest.raises(KeyboardInterrupt):
        lower(model, (X,))
    monkeypatch.undo()
    assert {name: dict(vars(part)) for name, part in model.named_modules()} == attributes
    assert not compare(dict(state), dict(model.state_dict()))
    assert torch.equal(generator, torch.get_rng_state())
    assert lower(model, (X,)).form is not None


class Rest(nn.Module):
    def forward(self, *rest, factor=2, **more):  # type: ignore[no-untyped-def]
        return sum(rest) * factor, {name: value * 2 for name, value in more.items()}


def test_a_call_with_other_arguments_than_the_example_says_which() -> None:
    x = torch.ones(2)
    compiled = scriptkit.compile(Rest(), (x, x), example_kwargs={"a": x, "factor": 3})
    assert torch.equal(compiled(x, x, factor=3, a=x)[0], torch.full((2,), 6.0))
    with pytest.raises(TypeError, match="3 positional arguments, and the example call had 2"):
        compiled(x, x, x, a=x, factor=3)
    with pytest.raises(TypeError, match="argument `a` is missing"):
        compiled(x, x, factor=3)
    with pytest.raises(TypeError, match="argument `b` is a tensor of shape"):
        compiled(x, x, a=x, b=x, factor=3)


class Ordered(nn.Module):
    def forward(self, x, **options):  # type: ignore[no-untyped-def]
        return {"b": x, "a": x + 1}, [3, 2, 1], ["b", "a"]


def test_a_file_has_dictionaries_in_their_order_and_lists_of_numbers_and_texts_as_lists() -> None:
    stream = io.BytesIO()
    torch.jit.save(scriptkit.to_torchscript(scriptkit.compile(Ordered(), (torch.ones(2),))), stream)
    stream.seek(0)
    by_name, numbers, texts = torch.jit.load(stream)(torch.ones(2))
    assert list(by_name) == ["b", "a"]
    assert (numbers, texts) == ([3, 2, 1], ["b", "a"])


class ReturnsInLoop(nn.Module):
    def forward(self, x, **options):  # type: ignore[no-untyped-def]
        if x.sum() > 0:
            return x * 3
        for row in range(x.size(0)):
            with torch.no_grad():
                if x[row].sum() < 0:
                    return x[row]
        return x


def test_an_arm_that_is_not_lowered_raises_with_its_line() -> None:
    compiled = scriptkit.compile(ReturnsInLoop(), (torch.ones(2, 2),))
    line = inspect.getsourcelines(ReturnsInLoop)[1] + 6
    with pytest.raises(RuntimeError, match=f"line {line} was not lowered"):
        compiled(-torch.ones(2, 2))


class _Counts(nn.Module):
    def forward(self, x: Tensor, **_: Any) -> tuple[Any, ...]:
        return {"rows": x.size(0), "columns": x.size(1)}, [x.size(1), 7], [x.dim() > 1, "both"]


def test_a_file_holds_dictionaries_and_lists_of_numbers(tmp_path: Path) -> None:
    compiled = scriptkit.compile(_Counts(), (torch.rand(2, 3),), modes={"": "lowered"})
    scriptkit.save(compiled, tmp_path / "counts.pt", example_inputs=(torch.rand(2, 3),))
    loaded = torch.jit.load(tmp_path / "counts.pt")
    assert loaded(torch.rand(4, 5)) == ({"rows": 4, "columns": 5}, [5, 7], (True, "both"))


class _Chosen(nn.Module):
    def forward(self, x: Tensor, sizes: list[int], how: tuple[str, str], **_: Any) -> Tensor:
        made: Tensor = {"mean": x.mean, "sum": x.sum}[how[0]]() + sum(sizes)
        return made


def test_a_file_takes_the_fixed_numbers_and_texts_of_the_example_and_no_others(tmp_path: Path) -> None:
    given = (torch.rand(2, 3), [2, 3], ("sum", "all"))
    scriptkit.save(scriptkit.compile(_Chosen(), given), tmp_path / "chosen.pt", example_inputs=given)
    loaded = torch.jit.load(tmp_path / "chosen.pt")
    assert torch.equal(loaded(torch.ones(4, 5), [2, 3], ("sum", "all")), torch.tensor(25.0))
    for sizes, how in (([2, 4], ("sum", "all")), ([2, 3, 0], ("sum", "all")), ([2, 3], ("mean", "all"))):
        with pytest.raises(torch.jit.Error, match="lowered for"):
            loaded(given[0], sizes, how)


class _Scaled(nn.Module):
    def forward(self, x: Tensor, steps: dict[str, float], *_: Any) -> Tensor:
        for name, value in steps.items():
            x = x * value if name == "times" else x + value
        return x


def test_a_file_takes_a_fixed_dictionary_in_its_order_only(tmp_path: Path) -> None:
    given = (torch.ones(2), {"times": 2.0, "plus": 3.0})
    scriptkit.save(scriptkit.compile(_Scaled(), given), tmp_path / "scaled.pt", example_inputs=given)
    loaded = torch.jit.load(tmp_path / "scaled.pt")
    assert torch.equal(loaded(*given), torch.full((2,), 5.0))
    with pytest.raises(torch.jit.Error, match="lowered for the keys"):
        loaded(torch.ones(2), {"plus": 3.0, "times": 2.0})


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -(2**63)])
def test_numbers_that_no_program_can_write_down_compile(value: float) -> None:
    given = (torch.ones(2), {"plus": value})
    assert torch.equal(
        torch.nan_to_num(scriptkit.compile(_Scaled(), given)(*given)), torch.nan_to_num(_Scaled()(*given))
    )


class _Times(nn.Module):
    def forward(self, x: Tensor, by: float = 2.0, *_: Any) -> Tensor:
        return torch.copysign(x, torch.tensor(by)) * by


@pytest.mark.parametrize("by", [2.0, 5.0])
def test_a_file_has_the_defaults_of_the_user_or_none(by: float, tmp_path: Path) -> None:
    given = (torch.ones(2), by)
    scriptkit.save(scriptkit.compile(_Times(), given), tmp_path / "times.pt", example_inputs=given)
    loaded = torch.jit.load(tmp_path / "times.pt")
    assert torch.equal(loaded(*given), _Times()(*given))
    if by == 2.0:
        assert torch.equal(loaded(torch.ones(2)), _Times()(torch.ones(2)))
    else:
        with pytest.raises(RuntimeError, match="missing value for argument 'by'"):
            loaded(torch.ones(2))


def test_a_negative_zero_is_another_number() -> None:
    compiled = scriptkit.compile(_Times(), (torch.ones(2), 0.0))
    with pytest.raises(ValueError, match=r"is -0\.0, not 0\.0"):
        compiled(torch.ones(2), -0.0)
