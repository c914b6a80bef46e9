"""Models for the tests of the pytest plugin: right ones, and ones whose compiled form says something else."""

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule, export


class Net(ScriptableModule):
    """The same in every form; refuses inputs of another width."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    @export
    def scores(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(x)
        return y

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"scores": self.scores(x), "chances": self.scores(x).softmax(1)}


class Lying(Net):
    """Its compiled code gives other chances."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        scores = self.scores(x)
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            scores[0, 1] = scores[0, 1] + 1
        return {"scores": self.scores(x), "chances": scores.softmax(1)}


class Tolerant(ScriptableModule):
    """Eager code refuses wide inputs, compiled code does not."""

    def forward(self, x: Tensor) -> Tensor:
        if not torch.jit.is_scripting() and x.size(1) > 4:  # type: ignore[attr-defined]
            raise ValueError("too wide")
        return x + 1


class Plain(nn.Module):
    """Not written for scriptkit."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(x)
        return y


class Unscriptable(nn.Module):
    """Nothing can be made of it: a random branch, which is no tensor's."""

    def forward(self, x: Tensor) -> Tensor:
        found: set[float] = set(x.flatten().tolist())
        return x if 0.0 in found else -x
