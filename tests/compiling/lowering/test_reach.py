"""Forms of Python and torch that other people's models use, each equal to eager on inputs of several shapes."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit.compiling.lowering import LoweringError, lower
from tests.compiling.lowering.loading import Loaded

LOGGER = logging.getLogger(__name__)


def equal_after_loading(model: nn.Module, *examples: tuple[Any, ...]) -> None:
    """Lowered for the first example, saved and loaded: equal to eager on all of them."""
    made = lower(model, examples[0])
    loaded = Loaded(made)
    for example in examples:
        expected = model(*copy.deepcopy(example))
        actual = loaded(*copy.deepcopy(example))
        torch.testing.assert_close(actual, expected, rtol=0, atol=0)


def images(*sizes: tuple[int, int]) -> list[tuple[Tensor]]:
    return [(torch.randn(*size),) for size in sizes]


class LayerDrop(nn.Module):
    """`continue` under a condition of the run, in a loop over layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(12))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            if self.training and x.sum() > 1e9:
                continue
            x = layer(x)
        return x


def test_continue_in_a_loop_over_layers_does_not_double_the_code_each_round() -> None:
    model = LayerDrop()
    [text] = lower(model, (torch.randn(2, 3),)).texts.values()
    assert text.count("self.layers") == 12
    equal_after_loading(model, *images((2, 3), (5, 3)))


class Options(nn.Module):
    """Arms that leave different keywords: what follows is written into both."""

    def forward(self, x: Tensor) -> Tensor:
        options: dict[str, Any] = {}
        if x.shape[0] == 1:
            options["alpha"] = 2
        return torch.add(x, x, **options)


class Generators(nn.Module):
    def pairs(self, x: Tensor) -> Iterator[tuple[int, Tensor]]:
        for number in range(3):
            yield number, x * number
        yield from [(7, x)]

    def forward(self, x: Tensor) -> Tensor:
        total = x
        for number, part in self.pairs(x):
            total = total + part * number
        first, second = (chunk * 2 for chunk in torch.chunk(x, 2, dim=1))
        return total + torch.cat([first, second], dim=1)


class Writing(nn.Module):
    """A generator whose changes can be seen between its steps."""

    def steps(self, x: Tensor) -> Iterator[Tensor]:
        for _ in range(2):
            yield x
            x.add_(1)

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()
        return torch.stack([part * 2 for part in self.steps(x)])


def test_a_generator_that_writes_is_refused() -> None:
    with pytest.raises(LoweringError) as caught:
        lower(Writing(), (torch.ones(2),))
    assert caught.value.diagnostics[0].name == "generator-function"


class Indexing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        ends = x[:, [-1, 0]]
        middle = x[..., [1], None]
        found = 1 if 0.0 in x[:1] else 0
        return ends.sum() + middle.sum() + found


class Powers(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        side = int(x.shape[0] ** 0.5)
        made: Tensor = x * side + x.shape[1] ** 2 + x.shape[0] ** -0.5
        return made


class Chunks(nn.Module):
    """A list of tuples, filled in a loop of run-time length, then walked."""

    def forward(self, x: Tensor) -> Tensor:
        bounds = []
        for start in range(0, x.shape[0], 2):
            bounds.append((start, min(start + 2, x.shape[0])))  # noqa: PERF401 - the form under test
        parts = []
        for start, end in bounds:
            parts.append(x[start:end] * start)
        return torch.cat(parts).reshape(x.shape[0], -1)


class Made(nn.Module):
    """Modules without a state, made in the call; names torch gives its functions elsewhere."""

    def forward(self, x: Tensor) -> Tensor:
        LOGGER.warning("seen")
        made: Tensor = (
            nn.Softmax(dim=-1)(x) + torch.linalg.norm(x, dim=-1, keepdim=True) + F.logsigmoid(x) + x.norm(dim=0)
        )
        return made


class Scratch(nn.Module):
    """An attribute that is written, then read, in the same call."""

    def forward(self, x: Tensor) -> Tensor:
        self.scale = x.abs().max()
        return self.apply_scale(x)

    def apply_scale(self, x: Tensor) -> Tensor:
        return x / self.scale


class Moving(nn.Module):
    """A buffer that a method replaces after somebody read it."""

    steps: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        before = self.steps
        if x.sum() > 0:
            self.steps = self.steps + 1
        return x + before * 10 + self.steps


def test_a_buffer_read_before_it_is_replaced_keeps_its_value() -> None:
    model, inputs = Moving(), torch.ones(2)
    made = lower(copy.deepcopy(model), (inputs,))
    program = made.form
    for _ in range(3):
        torch.testing.assert_close(program(inputs), model(inputs), rtol=0, atol=0)


class Loose(nn.Module):
    """An int in one arm and a float in the other, where torch wants a float."""

    def __init__(self) -> None:
        super().__init__()
        self.p = 0

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, p=0.0 if not self.training else self.p)


class LooseInArithmetic(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * (2 if x.sum() > 0 else 0.5)


def test_a_number_of_two_types_is_refused_where_its_type_counts() -> None:
    with pytest.raises(LoweringError) as caught:
        lower(LooseInArithmetic(), (torch.ones(2, dtype=torch.int64),))
    assert caught.value.diagnostics[0].name == "branch-values-differ"


@pytest.mark.parametrize(
    "model",
    [Options(), Generators(), Indexing(), Powers(), Chunks(), Made(), Scratch(), Loose()],
    ids=lambda model: type(model).__name__,
)
def test_forms_are_lowered_and_equal_on_other_shapes(model: nn.Module) -> None:
    equal_after_loading(model, *images((4, 4), (1, 4), (9, 6)))


class GrowsWhileWalked(nn.Module):
    """A list that grows while it is walked: Python sees the new items."""

    def forward(self, x: Tensor) -> Tensor:
        parts = [x]
        for number, part in enumerate(parts):
            if number < 3:
                parts.append(part + 1)
        return torch.stack(parts)


class ChangesAhead(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        parts = {"a": x, "b": x}
        for name, part in parts.items():
            if name == "a":
                parts["b"] = part * 2
        return parts["b"]


@pytest.mark.parametrize("model", [GrowsWhileWalked(), ChangesAhead()], ids=lambda model: type(model).__name__)
def test_a_container_that_changes_while_it_is_walked_is_refused(model: nn.Module) -> None:
    with pytest.raises(LoweringError) as caught:
        lower(model, (torch.ones(2),))
    assert caught.value.diagnostics[0].name == "state-mutated-in-loop"


class ChangesInBothDepths(nn.Module):
    """An item is written after a branch inside a branch, where the list has another length in one arm."""

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        parts = [x]
        if x.min() < -1:
            if x.mean() > 0:
                parts.append(x * 2)
            parts[0] = x + 5
        return parts[0], len(parts)


def test_what_follows_an_inner_branch_is_not_forgotten() -> None:
    examples = [(torch.tensor([-2.0, 9.0]),), (torch.tensor([-2.0, 1.0]),), (torch.ones(2),)]
    for example in examples:
        made = lower(ChangesInBothDepths(), example)
        for other in examples:
            assert made.run(*other)[1] == ChangesInBothDepths()(*other)[1]
            assert torch.equal(made.run(*other)[0], ChangesInBothDepths()(*other)[0])


class HandsOn(nn.Module):
    """torch 2.13 loses a value that a loop captures and a branch hands on."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, int]:
        y, count = x, 0
        if x.sum() > -1e9:
            x = x.clone()
            size = x.shape[0] + 1
            for _ in range(x.shape[0]):
                y = x
                count = size
        return x, y, count


def test_a_value_that_a_loop_captures_survives_the_loop() -> None:
    example = torch.randn(3, 2)
    made = lower(HandsOn(), (example,))
    jit: Any = torch.jit
    for optimized in (False, True):
        with jit.optimized_execution(optimized):
            for _ in range(3):
                torch.testing.assert_close(made.run(example), HandsOn()(example), rtol=0, atol=0)
