"""Modules for the runtime: each makes other operators, control flow, state or structures appear in its program."""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

import torch
from torch import nn
from torch._higher_order_ops.map import map as map_over
from torch._higher_order_ops.scan import scan
from torch.export import Dim

Inputs = tuple[Any, ...]
ROWS = {0: Dim.AUTO}


class Case(NamedTuple):
    """A module, inputs to export it with, what is dynamic, and other inputs to call it with."""

    module: nn.Module
    example: Inputs
    dynamic: Any
    others: tuple[Inputs, ...]
    named: dict[str, Any] = {}  # noqa: RUF012 - never written to


class Branch(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return torch.cond(x.sum() > 0, lambda a: (a + 1, a * 2), lambda a: (a - 1, a * 3), (x,))


class BranchOnSize(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.many = nn.Linear(4, 4)
        self.few = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> Any:
        return torch.cond(x.shape[0] > 3, self.many, self.few, (x,))


class Nested(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        def outer(a: torch.Tensor) -> Any:
            return torch.cond(a.max() > 1, lambda b: b.sin(), lambda b: b.cos(), (a,))

        return torch.cond(x.sum() > 0, outer, lambda a: a.exp(), (x,))


class While(nn.Module):
    def forward(self, n: torch.Tensor, x: torch.Tensor) -> Any:
        return torch.while_loop(
            lambda i, a: i < n, lambda i, a: (i + 1, a * 1.5), (torch.zeros((), dtype=torch.int64), x)
        )


class Scan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(4, 4)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> Any:
        def step(carry: torch.Tensor, item: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            made = self.cell(item, carry)
            return made, made.clone()

        return scan(step, h, x)


class Map(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        over: Any = map_over
        return over(lambda t: t.sin() + 1, x)


class Pair(NamedTuple):
    a: torch.Tensor
    b: int


torch.utils._pytree._register_namedtuple(Pair, serialized_type_name="tests.cpp.Pair")


DYNAMIC: Any = (ROWS, Dim.AUTO)
DYNAMIC_PAIR = Pair(*DYNAMIC)


class Trees(nn.Module):
    def forward(self, pair: Pair, *rest: torch.Tensor, w: torch.Tensor, k: None = None) -> Any:
        with torch.no_grad():
            y = pair.a + 1
        ordered = collections.OrderedDict(q=w * rest[1] + pair.b)
        return Pair(y, rest[0].shape[0]), ordered, "text", None, True, 2.5, [rest[0], {"z": y}]


class Sizes(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor, n: int) -> Any:
        assert x.shape[0] % 2 == 0
        torch._check((x.shape[0] + n) % 3 == 0)
        pairs = x.reshape(x.shape[0] // 2, 2).sum(-1)
        return x + y[: x.shape[0]], n * 2, pairs, x.new_zeros(n), x * n, x / x.shape[0], -n, max(n, 4)


class Items(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        n: Any = x.sum().int().item()
        torch._check(n >= 0)
        torch._check(n < 50)
        return torch.zeros(n) + x.mean(), x.nonzero()


class State(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(3))
        self.register_buffer("scratch", torch.ones(2), persistent=False)
        self.constant = torch.ones(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.add_(x.mean())
        self.seen[0] = 5
        return x + self.seen + self.constant + self.scratch.sum()


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.embed(ids))


class Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2)
        )
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).mean((2, 3)))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.1)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.encoder(x)


class Dtypes(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return (
            x.to(torch.float64),
            x.half().float(),
            x.bfloat16(),
            x > 0,
            x.to(torch.complex64),
            torch.arange(x.shape[0]),
        )


class IntoArguments(nn.Module):
    """Results that are written where the model says: on their own, into a part, into what is read, into a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.randn(4, 4))
        self.register_buffer("last", torch.zeros(4))

    def forward(self, x: torch.Tensor) -> Any:
        alone = torch.mm(x, self.weight, out=x.new_empty(x.shape[0], 4))
        parts = x.new_zeros(x.shape[0], 9)
        torch.cumsum(x, 1, out=parts[:, 1:5])
        torch.mm(x, self.weight, out=parts[:, 5:])
        read = x * 2
        torch.add(read, x, out=read)
        ranked = torch.sort(x, dim=1, out=(x.new_empty(x.shape), torch.empty(x.shape, dtype=torch.long)))
        torch.sum(x, 0, out=self.last)
        return alone, parts, read, tuple(ranked), self.last.clone()


class Recurrent(nn.Module):
    """Layers of torch that go on from step to step, over any number of steps."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(8, 5, batch_first=True)
        self.rnn = nn.RNN(5, 2, nonlinearity="relu", batch_first=True)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y, (_, c) = self.lstm(x)
        z, h = self.gru(y)
        return self.rnn(z)[0], h, c


def batch(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def ids(*shape: int) -> torch.Tensor:
    return torch.randint(0, 7, shape, generator=torch.Generator().manual_seed(sum(shape)))


def cases() -> dict[str, Case]:
    """Every case by its name; made anew for each caller, since some of them change when they are called."""
    torch.manual_seed(0)
    rows = (ROWS,)
    time = ({0: Dim.AUTO, 1: Dim.AUTO},)
    trees = (Pair(batch(3), 4), batch(2), batch(5))
    many_trees = ((Pair(batch(6), 9), batch(4), batch(5)),)
    return {
        "branch": Case(Branch(), (batch(3, 4).abs(),), rows, ((-batch(5, 4).abs(),), (batch(1, 4),))),
        "branch on size": Case(BranchOnSize(), (batch(6, 4),), rows, ((batch(3, 4),), (batch(2, 4),), (batch(9, 4),))),
        "nested": Case(Nested(), (batch(3, 4).abs() * 9,), rows, ((batch(2, 4).abs() / 9,), (-batch(4, 4).abs(),))),
        "while": Case(While(), (torch.tensor(3), batch(3, 4)), (None, ROWS), ((torch.tensor(0), batch(2, 4)),)),
        "scan": Case(Scan(), (batch(5, 3, 4), batch(3, 4)), (ROWS, None), ((batch(9, 3, 4), batch(3, 4)),)),
        "map": Case(Map(), (batch(5, 3),), rows, ((batch(2, 3),),)),
        "trees": Case(Trees(), trees, (DYNAMIC_PAIR, (ROWS, ROWS), ROWS, None), many_trees, {"w": batch(5), "k": None}),
        "sizes": Case(Sizes(), (batch(6), batch(7), 9), (ROWS, ROWS, Dim.AUTO), ((batch(4), batch(4), 5),)),
        "items": Case(Items(), (torch.ones(5),), rows, ((torch.ones(3),), (torch.zeros(4),))),
        "state": Case(State(), (batch(5, 3),), rows, ((batch(2, 3),), (batch(4, 3),))),
        "tied": Case(Tied(), (ids(3, 4),), time, ((ids(1, 2),), (ids(5, 9),))),
        "convolutions": Case(
            Convolutions().eval(), (batch(2, 3, 8, 8),), rows, ((batch(1, 3, 8, 8),), (batch(5, 3, 8, 8),))
        ),
        "attention": Case(Attention().eval(), (batch(2, 5, 16),), time, ((batch(3, 9, 16),), (batch(1, 2, 16),))),
        "into arguments": Case(IntoArguments(), (batch(3, 4),), rows, ((batch(7, 4),), (batch(1, 4),))),
        "recurrent": Case(Recurrent().eval(), (batch(2, 5, 3),), time, ((batch(3, 9, 3),), (batch(2, 2, 3),))),
        "dtypes": Case(Dtypes(), (batch(3, 2),), rows, ((batch(7, 2),),)),
    }
