"""The residual net as a first draft: Python runs it and mypy accepts it, but no compiler can. `demo.py` shows why."""

import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import ScriptableModule, export


class ResidualBlock(ScriptableModule):
    """Indexes its convolutions, and checks an attribute for `None` without a local name."""

    scale: float | None

    def __init__(self, inputs: int, outputs: int, *, conv_layers: int = 2, scale: float | None = None) -> None:
        super().__init__()
        self.conv_layers = conv_layers
        widths = [inputs] + [outputs] * (conv_layers - 1)
        self.convs = nn.ModuleList(nn.Conv2d(n, outputs, 3, padding=1) for n in widths)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None
        self.scale = scale

    def scaled(self, x: Tensor) -> Tensor:
        """Multiply by the scale, if there is one."""
        if self.scale is not None:
            x = x * self.scale
        return x

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) -> (batch, outputs, height, width)."""
        y = self.scaled(x)
        for layer in range(self.conv_layers):
            y = F.relu(self.convs[layer](y))
        if self.shortcut is not None:
            x = self.shortcut(x)
        return F.relu(x + y)


class ResidualNet(ScriptableModule):
    """Keeps its stages in a Python list, and collects numbers in an untyped list."""

    def __init__(self, classes: int = 10, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 7, stride=2, padding=3)
        self.blocks = nn.ModuleList([ResidualBlock(width, width), ResidualBlock(width, 2 * width, scale=0.5)])
        self.heads = [nn.Linear(2 * width, classes), nn.Linear(2 * width, classes)]

    @export
    def activity(self, images: Tensor) -> list[float]:
        """(batch, 3, height, width) -> how strongly each block answers."""
        x = F.relu(self.stem(images))
        strengths = []
        for block in self.blocks:
            x = block(x)
            strengths.append(float(x.abs().mean()))
        return strengths

    def forward(self, images: Tensor) -> Tensor:
        """(batch, 3, height, width) -> (batch, classes), the probability of each class."""
        x = F.relu(self.stem(images))
        for block in self.blocks:
            x = block(x)
        x = x.mean((2, 3))
        return F.softmax(self.heads[0](x) + self.heads[1](x), dim=1)


def build() -> ResidualNet:
    """Raise, because the model cannot be compiled."""
    return ResidualNet()
