"""Patterns that break `torch.jit.script` and work in a `ScriptableModule`: one class each."""
# ruff: noqa: UP045, PGH003, RUF100

from math import pi
from typing import Any, Optional

import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import Final, ScriptableModule

THRESHOLD = 0.5
ROUNDS = 3
MODE = "double"
ENABLED = True
SIZES = (1, 2, 3)
DTYPE = torch.float64
DEVICE = torch.device("cpu")
WORDS = ("a", "bc")


class Quoted(ScriptableModule):
    """Annotations between quotes, in the class body and in the signature."""

    depth: "Final[int]"
    gains: "list[float]"

    def __init__(self) -> None:
        super().__init__()
        self.depth = 2
        self.gains = []

    def forward(self, x: "Tensor", scale: "Optional[float]" = None) -> "Tensor":
        for _ in range(self.depth):
            x = x + 1
        for gain in self.gains:
            x = x * gain
        return x if scale is None else x * scale


class Annotated(ScriptableModule):
    """Annotations a subclass inherits."""

    depth: Final[int]
    gains: list[float]

    def __init__(self) -> None:
        super().__init__()
        self.depth = 2
        self.gains = []

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.depth):
            x = x + len(self.gains)
        return x


class Inheriting(Annotated):
    """Has annotations of its own: torch then looks at no others."""

    extra: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.extra = []

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.depth):
            x = x + len(self.gains) + len(self.extra) + 1
        return x


class Submodules(ScriptableModule):
    """Submodules annotated in the class body, as editors like it."""

    fc: nn.Linear
    down: Optional[nn.Module]
    up: nn.Linear | None
    blocks: nn.ModuleList

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.down = None
        self.up = nn.Linear(4, 4)
        self.blocks = nn.ModuleList([nn.ReLU(), nn.Tanh()])

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        if self.down is not None:
            x = self.down(x)
        if self.up is not None:
            x = self.up(x)
        for block in self.blocks:
            x = block(x)
        return x


class FinalInInit(ScriptableModule):
    """Constants declared where they are assigned."""

    def __init__(self, depth: int = 3) -> None:
        super().__init__()
        self.depth: Final[int] = depth
        self.last: Final = depth - 1
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(depth)])

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.depth):
            x = x + 1
        out: Tensor = self.layers[self.last](x)
        return out


class Comments(ScriptableModule):
    """Comments that begin with "type:" and are no type comments."""

    def forward(self, x: Tensor) -> Tensor:
        y = x + 1  # type: ignore[attr-defined, unused-ignore]  # noqa: E501 and more
        # type: this comment speaks of types
        return y * 2  # pyright: ignore


class Parent(ScriptableModule):
    """A model with a method that its subclasses extend."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def scaled(self, x: Tensor, by: float = 2.0) -> Tensor:
        return x * by

    def forward(self, x: Tensor, shift: float = 1.0) -> Tensor:
        out: Tensor = self.fc(x)
        return self.scaled(out) + shift


class SuperForward(Parent):
    """Calls the parent's `forward` and another of its methods."""

    def scaled(self, x: Tensor, by: float = 3.0) -> Tensor:
        return super().scaled(x, by=by) - 1

    def forward(self, x: Tensor, shift: float = 0.5) -> Tensor:
        return super().forward(x, shift) * 2 + super().scaled(x)


class SuperTwice(SuperForward):
    """The call goes up two levels."""

    def forward(self, x: Tensor, shift: float = 0.25) -> Tensor:
        return super().forward(x, shift=shift) + super(SuperForward, self).forward(x)


class SuperLibrary(nn.Linear, ScriptableModule):
    """Extends a module of torch."""

    def __init__(self) -> None:
        super().__init__(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).relu()


class Constants(ScriptableModule):
    """Reads constants of its file."""

    def forward(self, x: Tensor) -> Tensor:
        if ENABLED:
            for _ in range(ROUNDS):
                x = x + THRESHOLD
        if MODE == "double":
            x = x * 2
        for size in SIZES:
            x = x * size
        return x.to(dtype=DTYPE, device=DEVICE) + SIZES[1] + len(WORDS[1])


class NoGrad(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x))


class NoGradBare(NoGrad):
    @torch.no_grad  # type: ignore[call-arg]
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return torch.relu(self.fc(x)) + 1


class InferenceMode(NoGrad):
    @torch.inference_mode()
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x)) + 2


class NoGradMethod(NoGrad):
    """The decorator on a method that `forward` calls."""

    @torch.no_grad()
    def target(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x)) - self.target(x)


class Ignores(ScriptableModule):
    """A method left in Python writes, reads and calls on the user's own object."""

    count: int

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.fc = nn.Linear(4, 4)
        self.seen: list[object] = []

    @scriptkit.ignore
    def note(self, x: Tensor) -> Tensor:
        self.count += 1
        self.seen.append(self)
        out: Tensor = self.fc(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.note(x) * 2


class HoldsIgnores(ScriptableModule):
    """The module with the ignored method is a child."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Ignores()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x)
        return out


class OfAnyType(ScriptableModule):
    """Python 3.10: torch takes `Any` in a class body for `Final`."""

    value: Any

    def __init__(self) -> None:
        super().__init__()
        self.value = torch.ones(1)

    def forward(self, x: Tensor) -> Tensor:
        value = self.value
        if isinstance(value, Tensor):
            x = x + value
        self.value = "seen"
        return x


class ThroughTheClass(nn.Linear, ScriptableModule):
    def __init__(self) -> None:
        super().__init__(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return nn.Linear.forward(self, x).relu()


class ImportedConstant(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return x * pi


class ComprehensionNames(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        sizes = [2, 3]
        for n in sizes:
            x = x + n
        rows = [[x + 1 for x in [n, 2]] for n in [x * 1, x * 2][0].size()]
        table = {x: n for n, x in enumerate(["a", "b"])}
        return x * len(rows) + table["b"]
