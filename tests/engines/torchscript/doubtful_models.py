"""Models that compile or not by what their constructor is given; import them with `SCRIPTKIT_CHECK=off`."""

from typing import Any

from torch import Tensor, nn

from scriptkit import Final, ScriptableModule


class Declares(ScriptableModule):
    """Declared types; the values come from outside."""

    count: int
    factor: float
    names: list[str]

    def __init__(self, **values: Any) -> None:
        super().__init__()
        for name, value in {"count": 1, "factor": 1.0, "names": [], **values}.items():
            setattr(self, name, value)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.count * self.factor + len(self.names)


class Constant(ScriptableModule):
    """A constant whose value comes from outside."""

    size: Final[int]

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.size):
            x = x + 1
        return x


class Empty(ScriptableModule):
    """An empty container of unknown element type."""

    def __init__(self, container: Any) -> None:
        super().__init__()
        self.items = container

    def forward(self, x: Tensor) -> Tensor:
        return x + len(self.items)


class PythonList(ScriptableModule):
    """Submodules where `nn.Module` does not see them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.ReLU()]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class Sometimes(ScriptableModule):
    """One branch of the constructor sets what forward reads."""

    def __init__(self, scaled: bool) -> None:
        super().__init__()
        if scaled:
            self.scale = 2.0

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale
