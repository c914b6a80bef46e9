"""A feature pyramid: the backbone gives a tuple of four feature maps, a `Final` says how many of them are used."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule

Features = tuple[Tensor, Tensor, Tensor, Tensor]


class Backbone(ScriptableModule):
    """Four convolutions, each at half the size of the one before."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1)
        self.conv4 = nn.Conv2d(4 * width, 8 * width, 3, stride=2, padding=1)

    def forward(self, image: Tensor) -> Features:
        """(batch, 3, height, width) -> feature maps at 1/2, 1/4, 1/8 and 1/16 of the size."""
        c1 = F.relu(self.conv1(image))
        c2 = F.relu(self.conv2(c1))
        c3 = F.relu(self.conv3(c2))
        c4 = F.relu(self.conv4(c3))
        return c1, c2, c3, c4


class FeaturePyramid(ScriptableModule):
    """Brings the coarsest `levels` maps to one number of channels and adds them up from coarse to fine."""

    levels: Final[int]

    def __init__(self, levels: int = 3, width: int = 8, channels: int = 16) -> None:
        super().__init__()
        self.levels = levels
        self.backbone = Backbone(width)
        widths = [width, 2 * width, 4 * width, 8 * width]
        self.lateral = nn.ModuleList(nn.Conv2d(n, channels, 1) for n in widths[-levels:])

    def forward(self, image: Tensor) -> list[Tensor]:
        """(batch, 3, height, width) -> `levels` maps of `channels` channels, fine to coarse."""
        features = self.backbone(image)
        kept = features[-self.levels :]
        maps: list[Tensor] = []
        for lateral, feature in zip(self.lateral, kept):
            maps.append(lateral(feature))
        for i in range(len(maps) - 2, -1, -1):
            maps[i] = maps[i] + F.interpolate(maps[i + 1], size=maps[i].shape[-2:], mode="nearest")
        return maps


def build() -> FeaturePyramid:
    """Build the model as the tests use it."""
    return FeaturePyramid()


def inputs() -> tuple[Tensor]:
    """One image of 64 x 48 pixels."""
    return (torch.rand(1, 3, 64, 48),)
