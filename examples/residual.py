"""A small residual network: blocks in a `ModuleList`, a 1x1 convolution where the shape changes, probabilities out."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule, export


class ResidualBlock(ScriptableModule):
    """A few 3x3 convolutions beside a shortcut; the shortcut is a 1x1 convolution where the shape changes."""

    conv_layers: Final[int]
    shortcut: nn.Conv2d | None

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, conv_layers: int = 2) -> None:
        super().__init__()
        self.conv_layers = conv_layers
        sizes = [(inputs, stride)] + [(outputs, 1)] * (conv_layers - 1)
        self.convs = nn.ModuleList(
            nn.Sequential(nn.Conv2d(n, outputs, 3, step, padding=1, bias=False), nn.BatchNorm2d(outputs))
            for n, step in sizes
        )
        reshapes = stride != 1 or inputs != outputs
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if reshapes else None

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) -> (batch, outputs, height / stride, width / stride)."""
        y = x
        for layer, conv in enumerate(self.convs):
            y = conv(y)
            if layer < self.conv_layers - 1:
                y = F.relu(y)
        if self.shortcut is not None:
            x = self.shortcut(x)
        return F.relu(x + y)


class ResidualNet(ScriptableModule):
    """Five residual blocks between a first convolution and a linear classifier."""

    def __init__(self, classes: int = 10, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 7, stride=2, padding=3)
        self.blocks = nn.ModuleList(
            [
                ResidualBlock(width, width),
                ResidualBlock(width, width, conv_layers=3),
                ResidualBlock(width, 2 * width, stride=2),
                ResidualBlock(2 * width, 2 * width),
                ResidualBlock(2 * width, 4 * width, stride=2),
            ],
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(4 * width, classes)

    @export
    def scores(self, images: Tensor) -> Tensor:
        """(batch, 3, height, width) -> (batch, classes), before the softmax."""
        x = F.max_pool2d(F.relu(self.stem(images)), 2)
        for block in self.blocks:
            x = block(x)
        scores: Tensor = self.classifier(self.pool(x).flatten(1))
        return scores

    def forward(self, images: Tensor) -> Tensor:
        """(batch, 3, height, width) -> (batch, classes), the probability of each class."""
        return F.softmax(self.scores(images), dim=1)


def build() -> ResidualNet:
    """Build the model as the tests and the benchmarks use it."""
    return ResidualNet()


def inputs() -> tuple[Tensor]:
    """Two images of 64 x 64 pixels."""
    return (torch.rand(2, 3, 64, 64),)
