"""Lists, loops and comprehensions whose length only the run knows, each equal to eager on several sizes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import LoweringError, lower
from tests.compiling.lowering.test_reach import equal_after_loading, images

SIZES = ((4, 3), (1, 3), (7, 5))


class Windows(nn.Module):
    """`zip` and `enumerate` of lists, ranges and tensors."""

    def forward(self, x: Tensor) -> tuple[Any, ...]:
        bounds = [(start, min(start + 2, x.shape[0])) for start in range(0, x.shape[0], 2)]
        ends = list(range(len(bounds)))
        found = []
        for (start, end), number, row in zip(bounds, ends, x, strict=False):
            found.append(x[start:end].sum() * number + row)
        total = x.sum()
        for number, (row, again) in enumerate(zip(x, list(x), strict=True), 3):
            if number == 5:
                continue
            total = total + (row * again).sum() * number
        for row, weight in zip(x, (1, 2), strict=False):
            total = total + row.sum() * weight
        return torch.stack(found), total, ends


class Filtered(nn.Module):
    """Comprehensions with conditions and several `for`."""

    def forward(self, x: Tensor) -> tuple[Any, ...]:
        large = [row for row in x if row.sum() > 0]
        grid = [x[i] * j for i in range(x.shape[0]) for j in range(x.shape[1]) if j != i if i < 5]
        mixed = [x[i] * k for i in range(x.shape[0]) for k in (1, 2.0, 3) if isinstance(k, int)]
        return len(large), torch.stack(grid + mixed + [x[0]])


class Changed(nn.Module):
    """Lists that grow, shrink, are joined, repeated and written."""

    def forward(self, x: Tensor) -> tuple[Any, ...]:
        parts = list(x.split(1, 0))
        last = parts.pop()
        parts.append(last * 2)
        parts += [x[:1], x[-1:]]
        parts.extend(row[None] for row in x)
        copied = [*parts, x[:1]]
        copied[0] = x[:1] - 5
        repeated = [(x.shape[0], 2)] * x.shape[1]
        sizes = [row.shape[0] for row in x]
        sizes[-1] += 4
        return torch.cat(copied[::-1]), torch.cat(parts), repeated[-1], sizes, sizes.index(sizes[-1]), len(copied)


class Reduced(nn.Module):
    def forward(self, x: Tensor) -> tuple[Any, ...]:
        n = x.shape[0]
        low, high = sorted([x.shape[1], n])
        numbers = [index * 3 - 4 for index in range(n)]
        largest = max(x.sum(), x.mean() * 3)
        flags = any(number > 2 for number in numbers), all(number < 9 for number in numbers)
        return low, high, max(numbers), min(numbers), sum(numbers), sorted(numbers), *flags, largest, min(2.5, n * 1.5)


class Numbers(nn.Module):
    def forward(self, x: Tensor) -> tuple[Any, ...]:
        n = x.shape[0]
        added = torch.add(0.33, x), torch.mul(3, x), torch.sub(2, x), torch.add(0.25, x, alpha=0.6)
        return 2**n, round(n * 2.5), round(n / 2), round(n), *added


class Found(nn.Module):
    def forward(self, x: Tensor) -> tuple[Any, ...]:
        rows, columns = torch.where(x > 0)
        again = (x > 0.5).nonzero(as_tuple=True)
        return rows, columns, again[0], again[1], torch.nonzero(x > 1)


@pytest.mark.parametrize(
    "model",
    [Windows(), Filtered(), Changed(), Reduced(), Numbers(), Found()],
    ids=lambda model: type(model).__name__,
)
def test_lists_of_run_time_length_are_lowered_and_equal_on_other_sizes(model: nn.Module) -> None:
    torch.manual_seed(3)
    equal_after_loading(model, *images(*SIZES))


class Growing(nn.Module):
    """A list that a loop walks and lengthens."""

    def forward(self, x: Tensor) -> int:
        parts = list(x)
        for part, _ in zip(parts, x, strict=False):
            parts.append(part)
        return len(parts)


class GrowingInside(nn.Module):
    """A list that an unrolled loop walks, and that a loop of run-time length inside it lengthens."""

    def forward(self, x: Tensor) -> int:
        parts = [x, x]
        for number, _ in enumerate(parts):
            if number > 4:
                break
            for row in x:
                parts.append(row)  # noqa: PERF402 - the form under test
        return len(parts)


class GrowingBeside(nn.Module):
    """A Python list that a loop of run-time length walks beside a tensor, and lengthens."""

    def forward(self, x: Tensor) -> int:
        parts = [x[0]]
        for row, part in zip(x, parts, strict=False):
            parts.append(row * part)
        return len(parts)


class ChangedBeside(nn.Module):
    """Values of the run that change while modules are walked beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        parts = list(x.split(1))
        pairs: Any = zip(self.layers, parts, strict=False)
        for layer, part in pairs:
            parts[1] = layer(part)
        return parts[1]


class Mixed(nn.Module):
    """Items of two types."""

    def forward(self, x: Tensor) -> Any:
        return [x.shape[0] * scale for scale in (1, 2.5) for _ in range(x.shape[1])]


class Between(nn.Module):
    """`zip(strict=True)` of different lengths raises."""

    def forward(self, x: Tensor) -> Tensor:
        total = x.sum()
        for row, column in zip(x, x.t(), strict=True):
            total = total + row.sum() * column.sum()
        return total


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        (Growing(), "state-mutated-in-loop"),
        (GrowingInside(), "state-mutated-in-loop"),
        (GrowingBeside(), "state-mutated-in-loop"),
        (ChangedBeside(), "state-mutated-in-loop"),
        (Mixed(), "length-known-at-run-time"),
    ],
    ids=[
        "grows while it is walked",
        "grows in a loop inside",
        "grows beside a tensor",
        "changes beside modules",
        "items of two types",
    ],
)
def test_what_a_list_of_the_run_cannot_be_is_refused(model: nn.Module, rule: str) -> None:
    with pytest.raises(LoweringError) as caught:
        lower(model, (torch.ones(3, 3),))
    assert caught.value.diagnostics[0].name == rule


def test_a_strict_zip_of_different_lengths_raises() -> None:
    made = lower(Between(), (torch.ones(3, 3),))
    assert torch.equal(made.run(torch.ones(2, 2)), Between()(torch.ones(2, 2)))
    with pytest.raises(Exception, match="different lengths"):
        made.run(torch.ones(2, 3))


class Complaining(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] > 4:
            message = f"{x.shape[0]} rows of {x.shape}: too many {'things'!r}"
            raise ValueError(message + ", {} of them")
        assert x.shape[1] < 9, f"{x.shape[1]} columns"
        return x


def test_messages_of_errors_tell_the_sizes_of_the_run() -> None:
    made = lower(Complaining(), (torch.ones(2, 2),))
    with pytest.raises(
        Exception, match=r"ValueError: 5 rows of torch.Size\(\[5, 2\]\): too many 'things', \{\.\.\.\} of"
    ):
        made.run(torch.ones(5, 2))
    with pytest.raises(Exception, match=r"\.\.\. columns"):
        made.run(torch.ones(2, 9))


class Recurrent(nn.Module):
    """A tuple of tensors as an argument of a module of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4)

    def forward(self, x: Tensor) -> tuple[Any, ...]:
        state = (x.new_zeros(1, x.shape[1], 4), x.new_ones(1, x.shape[1], 4))
        for _ in range(2):
            y, state = self.lstm(x, state)
        return y, state


def test_a_tuple_of_tensors_is_given_to_a_module_as_one() -> None:
    equal_after_loading(Recurrent(), (torch.randn(5, 2, 3),), (torch.randn(3, 1, 3),))


class Checked(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        torch._check(x.shape[0] < 4, lambda: f"{x.shape[0]} rows")
        torch._check_tensor_all(x > 0)
        return x


def test_checks_of_torch_stay() -> None:
    made = lower(Checked(), (torch.ones(2),))
    assert torch.equal(made.run(torch.ones(3)), torch.ones(3))
    for wrong in (torch.ones(4), torch.tensor([1.0, -1.0])):
        with pytest.raises(Exception, match=r"\.\.\. rows|assertion"):
            made.run(wrong)
