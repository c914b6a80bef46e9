"""What lowering keeps, what it refuses, and what it leaves untouched."""

from __future__ import annotations

import copy
import functools
import io
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import LoweredModule, LoweringError, lower
from scriptkit.compiling.lowering.code import carrying
from scriptkit.compiling.lowering.paths import branching
from tests.compiling.lowering.loading import Loaded


def lowered_equal(model: nn.Module, *examples: tuple[Any, ...]) -> LoweredModule:
    """Lower for the first example; after save and load it equals eager on all of them."""
    made = lower(model, examples[0])
    loaded = Loaded(made)
    for example in examples:
        expected = model(*copy.deepcopy(example))
        actual = loaded(*copy.deepcopy(example))
        assert type(actual) is type(expected)
        torch.testing.assert_close(actual, expected, rtol=0, atol=0)
    return made


def refused_for(model: nn.Module, *example: Any) -> str:
    with pytest.raises(LoweringError) as caught:
        lower(model, example)
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.path == __file__
    assert diagnostic.line > 1
    return diagnostic.name


class Scaled(nn.Module):
    """Everything static: a config object, keywords, a partial, a dictionary of functions, `super()`."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(act="gelu", scale=2.0)
        self.linear = nn.Linear(4, 4)
        self.reduce = functools.partial(torch.sum, dim=-1)
        self.functions: dict[str, Callable[..., Tensor]] = {"gelu": nn.functional.gelu, "relu": torch.relu}

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        act = self.functions[getattr(self.config, "act", "relu")]
        y = act(self.linear(x)) * self.config.scale
        return self.reduce(y) if kwargs.get("reduce", True) else y


class Derived(Scaled):
    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().forward(x, *args, **kwargs) + 1


def test_static_python_runs_and_leaves_only_tensor_code() -> None:
    made = lowered_equal(Derived(), (torch.randn(2, 4),), (torch.randn(5, 4),))
    assert "config" not in made.texts["Derived"]


class Branches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            y = x + 1
        elif x.shape[0] > 2:
            return x * 3
        else:
            y = None
        if self.training:
            x = x * 2
        return x if y is None else y


def test_branches_on_values_sizes_and_training_stay() -> None:
    model = Branches()
    examples = [(torch.ones(2),), (-torch.ones(2),), (-torch.ones(3),)]
    made = lowered_equal(model, *examples)
    model.train(False)
    made.form.train(False)
    for example in examples:
        assert torch.equal(made.run(*example), model(*example))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        return torch.relu(self.linear(x))


class Stack(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(4))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        seen: tuple[Tensor, ...] = ()
        for block in self.blocks:
            x = block(x, extra=1)
            seen = (*seen, x)
        return seen


def test_equal_submodules_share_one_class_and_keys_of_the_state_stay() -> None:
    model = Stack()
    made = lowered_equal(model, (torch.randn(2, 3),))
    assert sorted(made.texts) == ["Block", "Stack"]
    assert list(made.form.state_dict()) == list(model.state_dict())


def test_parameters_are_shared_with_the_users_module() -> None:
    model = Stack()
    made = lower(model, (torch.randn(2, 3),))
    made.form
    x = torch.randn(2, 3)
    with torch.no_grad():
        model.blocks[0].linear.weight.mul_(2)
    assert torch.equal(made.run(x)[-1], model(x)[-1])


class Loops(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x[0])
        rows = []
        for number, row in enumerate(x):
            if number == 3:
                break
            total = total + row * number
            rows.append(total)
        return torch.stack(rows)


def test_a_loop_over_run_time_sizes_stays_a_loop() -> None:
    made = lowered_equal(Loops(), (torch.randn(2, 3),), (torch.randn(1, 3),), (torch.randn(5, 3),))
    assert "for " in made.texts["Loops"]


class Pair(NamedTuple):
    first: Tensor
    sizes: dict[str, Any]


class Nested(nn.Module):
    def forward(self, x: Tensor) -> Pair:
        return Pair(x + 1, {"rows": x.shape[0], "all": [x, None]})


def test_results_come_back_with_their_types() -> None:
    made = lower(Nested(), (torch.ones(2),))
    pair = made.run(torch.ones(3))
    assert isinstance(pair, Pair)
    assert pair.sizes["rows"] == 3
    assert pair.sizes["all"][1] is None


class Counter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(1)
        return x * len(self.seen)


class Remembers(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        self.last = x
        return x


class Random(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * random.random()


class Computed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.bank = [self.weight * 2]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bank[0]


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * x

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0] * 0


class CustomBackward(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = Square.apply(x)  # type: ignore[no-untyped-call]
        return result


class WritesArgument(nn.Module):
    def forward(self, x: Tensor, into: dict[str, Tensor]) -> Tensor:
        into["x"] = x
        return x


def test_a_custom_backward_is_an_error_never_another_gradient() -> None:
    x = torch.ones(2, requires_grad=True)
    made = lowered_equal(CustomBackward(), (torch.randn(2),))
    result = made.run(x)
    assert torch.equal(result.detach(), x.detach())
    assert any("Square" in assumption for assumption in made.assumptions)
    with pytest.raises(RuntimeError, match=r"zeta.* is not implemented"):
        result.sum().backward()


@pytest.mark.parametrize(
    ("model", "rule", "extra"),
    [
        (Counter(), "state-mutated", ()),
        (Remembers(), "state-mutated", ()),
        (Computed(), "computed-tensor-frozen", ()),
        (WritesArgument(), "state-mutated", ({},)),
        (Random(), "call-not-lowered", ()),
    ],
)
def test_what_would_be_wrong_later_is_refused_where_it_stands(model: nn.Module, rule: str, extra: Any) -> None:
    assert refused_for(model, torch.ones(2), *extra) == rule


def test_forward_hooks_are_part_of_the_program() -> None:
    model = nn.Sequential(Stack())
    model[0].register_forward_pre_hook(lambda _, args: (args[0] + 1,))
    model[0].register_forward_hook(lambda _, __, output: output[0] * 0.5)
    lowered_equal(model, (torch.randn(2, 3),), (torch.randn(1, 3),))


def test_backward_hooks_are_refused() -> None:
    model = nn.Sequential(Stack())
    model[0].register_full_backward_hook(lambda *_: None)
    with pytest.raises(LoweringError, match="cannot be lowered") as caught:
        lower(model, (torch.ones(1, 3),))
    assert caught.value.diagnostics[0].name == "hooks"


class Untaken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("steps", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.steps.add_(1)
        return torch.dropout(self.norm(x), 0.5, self.training)


@pytest.mark.parametrize("training", [True, False])
def test_lowering_leaves_model_examples_and_random_state_as_they_were(training: bool) -> None:
    model = Untaken().train(training)
    x = torch.randn(4, 3)
    state, given, attributes = copy.deepcopy(model.state_dict()), x.clone(), dict(model.__dict__)
    generator = torch.get_rng_state()
    lower(model, (x,))
    assert all(torch.equal(state[name], now) for name, now in model.state_dict().items())
    assert torch.equal(given, x)
    assert torch.equal(generator, torch.get_rng_state())
    assert model.__dict__ == attributes


def test_a_changed_static_fact_is_noticed() -> None:
    model = Scaled()
    made = lower(model, (torch.ones(1, 4),))
    assert made.question.broken() is None
    model.config.scale = 3.0
    assert "scale" in str(made.question.broken())
    model.config.scale = 2.0
    model.functions["gelu"] = torch.relu
    assert "dict" in str(made.question.broken())


def test_another_rank_is_an_error_of_the_compiled_program() -> None:
    class Flat(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            rows, columns = x.shape
            return x.reshape(rows * columns)

    made = lower(Flat(), (torch.ones(2, 3),))
    assert made.run(torch.ones(4, 5)).shape == (20,)
    with pytest.raises(RuntimeError, match="Expected 2 elements"):
        made.run(torch.ones(2, 3, 4))


def test_an_error_after_load_points_at_the_users_line() -> None:
    made = lower(Stack(), (torch.randn(2, 3),))
    file = io.BytesIO()
    torch.jit.save(made.form, file)
    file.seek(0)
    with pytest.raises(RuntimeError, match=r"test_lowering\.py") as caught:
        torch.jit.load(file)(torch.randn(2, 5))
    assert "torch.relu(self.linear(x))" in str(caught.value)


def test_the_same_model_gives_the_same_text_and_the_same_type() -> None:
    one, two = (lower(Stack(), (torch.randn(2, 3),)) for _ in range(2))
    assert one.texts == two.texts
    assert type(one.shadow) is type(two.shadow)


class Chosen(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        t = a.size(0)
        x = a if t > 0 else b
        return x + 1


class Counted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        count = 0
        for _ in x:
            count += 1
        return x * count


def test_what_the_source_shows_of_a_branch_and_of_a_loop_is_the_program_they_become() -> None:
    a = torch.ones(3, 2)
    branch = lower(Chosen(), (a, a + 1)).texts["Chosen"]
    assert _shown(branching.__doc__ or "", "compared = t > 0", 5, " " * 11) in branch
    loop = lower(Counted(), (a,)).texts["Counted"]
    for line in ("count = 0", "for entry in x:", "count_2 = count + 1", "next_count = count_2", "count = next_count"):
        assert line in (carrying.__doc__ or "")
        assert f" {line}\n" in loop


def _shown(text: str, first: str, count: int, indent: str) -> str:
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip() == first)
    return "\n".join("    " + line.removeprefix(indent) for line in lines[start : start + count])
