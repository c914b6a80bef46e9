"""Models that are exported in the tests; each in its plain, typed form."""

import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule


class Normed(ScriptableModule):
    """Buffers, several methods, a float with a default."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.steps: Tensor
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        self.steps += 1
        return self.norm(self.encode(x)).relu()

    @scriptkit.export
    def encode(self, x: Tensor, scale: float = 2.0) -> Tensor:
        return self.fc(x) * scale

    @scriptkit.export
    def reset(self) -> None:
        self.steps.zero_()


class Sized(nn.Module):
    """A loop over one size and a branch on another."""

    def forward(self, x: Tensor, y: Tensor, k: int) -> Tensor:
        for i in range(y.shape[1]):
            x = x + y[:, i : i + 1]
        if x.shape[0] > 5:
            x = x * 2
        return x * k


class Branching(nn.Module):
    """A branch on a value, nested, with numbers as results."""

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        n = 0
        if x.sum() > 0:
            x = x * 2
            n = 1
            if x.max() > 3:
                x = x - 1
        else:
            x = -x
        return x, n


class Padded(nn.Module):
    """A branch on a size beside one on values: what the first gives has other sizes in each arm."""

    def forward(self, x: Tensor, flag: Tensor) -> Tensor:
        missing = (4 - x.shape[1] % 4) % 4
        if missing > 0:
            x = nn.functional.pad(x, (0, missing))
        if flag.sum() > 0:
            x = x + 1
        return x.view(x.shape[0], -1, 4)


class Summed(nn.Module):
    """A branch on a size whose arms give tensors of other dimensions, beside one on values."""

    def forward(self, x: Tensor, flag: Tensor) -> Tensor:
        y = x.sum(0) if x.shape[0] > 3 else x
        if flag.sum() > 0:
            y = y + 1
        return y


class Places(nn.Module):
    """Places of values, in a branch on values."""

    def forward(self, x: Tensor, flag: Tensor) -> Tensor:
        if flag.sum() > 0:
            rows, columns = torch.nonzero(x > 0, as_tuple=True)
            x = x.index_put((rows, columns), torch.zeros(()))
        return x * 2


class Repeating(nn.Module):
    """A loop on a value, with `break` and `continue`."""

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        rounds = 0
        while x.norm() > 1:
            rounds += 1
            x = x / 2
            if x.max() > 100:
                break
            if x.min() > 5:
                continue
            x = x + 0.01
        return x, rounds


class Recurrent(nn.Module):
    """A loop over time that appends."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(1), 4)
        states: list[Tensor] = []
        for t in range(x.size(0)):
            h = self.cell(x[t], h)
            states.append(h)
        return torch.stack(states)


class Checked(nn.Module):
    """Raises on data."""

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.isnan().any()):
            raise ValueError("not a number")
        return x + 1


class Counted(nn.Module):
    """A number of rounds that a tensor says."""

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for i in range(int(n)):
            x = x + i
        return x


class Remembering(nn.Module):
    """State in a plain attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.last = torch.zeros(3)

    def forward(self, x: Tensor) -> Tensor:
        self.last = self.last + x
        return self.last


class Structured(nn.Module):
    """Nested arguments and results."""

    def forward(self, batch: dict[str, Tensor], pair: tuple[Tensor, Tensor]) -> dict[str, object]:
        return {"sum": batch["a"] + pair[0], "rest": [pair[1], None, "text"], "size": batch["a"].shape[0]}


class Flagged(nn.Module):
    """A flag, an optional tensor, a float."""

    def forward(self, x: Tensor, double: bool = True, mask: Tensor | None = None, scale: float = 1.0) -> Tensor:
        if mask is not None:
            x = x * mask
        return x * 2 * scale if double else x * scale


class Tied(nn.Module):
    """One weight under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.two = nn.Linear(4, 4)
        self.two.weight = self.one.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(x))


class Averaging(nn.Module):
    """State in a buffer, written in place."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        mean = self.mean
        assert isinstance(mean, Tensor)
        mean.mul_(0.9).add_(x.mean(dim=0), alpha=0.1)
        return x - mean
