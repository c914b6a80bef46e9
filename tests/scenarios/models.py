"""Models of the scenarios; `plain_class` finds the same bodies with `nn.Module` as their base."""

import torch
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule, export


class Child(ScriptableModule):
    """A leaf: one layer, one number that user code may change."""

    def __init__(self, width: int = 4, scale: float = 1.5) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x)) * self.scale


class Net(ScriptableModule):
    """Linear, batch norm and dropout in a loop of constant length."""

    depth: Final[int]
    offset: Tensor

    def __init__(self, width: int = 4, depth: int = 2, p: float = 0.5) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(p)
        self.depth = depth
        self.scale = 1.0
        self.register_buffer("offset", torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.depth):
            x = self.drop(torch.relu(self.norm(self.fc(x)))) + x
        return x * self.scale + self.offset


class Outer(ScriptableModule):
    """A list of scriptable children, and a plain backbone whose insides nobody intercepts."""

    def __init__(self, children: int = 3, width: int = 4) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Child(width) for _ in range(children)])
        self.backbone = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Sequential(nn.Linear(width, width)))
        self.head = nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x) + x
        out: Tensor = self.head(self.backbone(x))
        return out


class Counter(ScriptableModule):
    """Forward writes a number, a list, a dict and a buffer."""

    calls: int
    history: list[int]
    seen: dict[str, int]
    total: Tensor

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.calls = 0
        self.history = []
        self.seen = {}
        self.register_buffer("total", torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.history.append(self.calls)
        self.seen["last"] = self.calls
        self.total = self.total + x.sum(0)
        return x * self.calls + self.total


class Shared(ScriptableModule):
    """The same counter registered under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Counter()
        self.second = self.first

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(self.first(x))
        return out


class Tied(ScriptableModule):
    """Decoder and encoder share one weight."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.encoder = nn.Linear(width, width, bias=False)
        self.decoder = nn.Linear(width, width, bias=False)
        self.decoder.weight = self.encoder.weight

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decoder(torch.relu(self.encoder(x)))
        return out


class Encoder(ScriptableModule):
    """`forward` and an exported method that share a helper; a property read by compiled code."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.gain = 2.0

    @property
    def doubled(self) -> float:
        return self.gain * 2.0

    def project(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out * self.doubled

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.project(x))

    @export
    def encode(self, x: Tensor, times: int = 1) -> Tensor:
        return self.project(x) * times

    @export
    def runs_compiled(self) -> bool:
        return torch.jit.is_scripting()  # type: ignore[attr-defined]


class Wrapper(nn.Module):
    """A plain parent of scriptable children."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Child()
        self.net = Net(p=0.0)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(self.inner(x))
        return out
