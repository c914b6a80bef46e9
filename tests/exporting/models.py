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


class BothWays(nn.Module):
    """Two recurrent loops, one from the end; their results are read side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(3, 5)

    def forward(self, x: Tensor) -> Tensor:
        forth: list[Tensor] = []
        back: list[Tensor] = []
        h = torch.zeros(x.shape[1], 5)
        for t in range(x.size(0)):
            h = self.cell(x[t], h)
            forth.append(h)
        h = torch.zeros(x.shape[1], 5)
        for t in reversed(range(x.size(0))):
            h = self.cell(x[t], h)
            back.append(h)
        return torch.stack([torch.cat([f, b], 1) for f, b in zip(forth, reversed(back), strict=True)])


class Pieces(nn.Module):
    """Slices of one row, filled in from the front."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        rows: list[Tensor] = []
        for t in range(0, x.size(0), 2):
            rows.insert(0, x[t : t + 1] * 2)
        parts = [part.exp() for part in x.split(1)]
        return torch.cat(rows), torch.cat(parts[::-1])


class ByItsMean(nn.Module):
    """Numbers taken from tensors decide, and are used in the branches."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean = x.mean().item()
        many = int(x.abs().sum())
        y = x * mean if mean > 0.1 else x - mean
        if many % 3 == 0:
            z = y
        elif many % 3 == 1:
            z = y + many
        else:
            z = y * 2
        return y, z


class RecurrentLayers(nn.Module):
    """Torch's own recurrent layers."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(8, 5, batch_first=True)
        self.rnn = nn.RNN(5, 2, nonlinearity="relu", bidirectional=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y, (_, c) = self.lstm(x)
        z, h = self.gru(y)
        return self.rnn(z.transpose(0, 1))[0], h, c


class ManyTimes(nn.Module):
    """A whole number says how often."""

    def forward(self, x: Tensor, times: int) -> tuple[Tensor, Tensor]:
        rows = [x]
        for number in range(times):
            x = x * 2 + number
            rows.append(x)
        return x, torch.stack(rows)
