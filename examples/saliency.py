"""A saliency net over one to three scales of an image: lists of tensors in and out, and optional inputs.

`Stage.reduce` exists in some stages only. Nothing has to stand in for it where it is missing, so the weights of the
plain model load as they are, without `strict=False`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Stage(ScriptableModule):
    """One convolution; its output is reduced to fewer channels where `outputs` asks for that."""

    reduce: nn.Conv2d | None

    def __init__(self, inputs: int, width: int, outputs: int | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, width, 3, padding=1)
        self.reduce = None if outputs is None else nn.Conv2d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) -> the same size, `outputs` (or `width`) channels."""
        x = F.relu(self.conv(x))
        if self.reduce is not None:
            x = self.reduce(x)
        return x


class SaliencyNet(ScriptableModule):
    """The stages see every scale; each scale gives one map between 0 and 1."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stages = nn.ModuleList([Stage(3, width), Stage(width, 2 * width, width), Stage(width, 2 * width, 1)])

    def saliency(self, image: Tensor) -> Tensor:
        """(batch, 3, height, width) -> (batch, 1, height, width)."""
        x = image
        for depth, stage in enumerate(self.stages):
            if depth > 0:
                x = F.avg_pool2d(x, 2)
            x = stage(x)
        return torch.sigmoid(F.interpolate(x, size=image.shape[-2:], mode="bilinear", align_corners=False))

    def forward(self, image: Tensor, half: Tensor | None = None, quarter: Tensor | None = None) -> list[Tensor]:
        """One map for each scale that is given; each (batch, 3, height, width) -> (batch, 1, height, width)."""
        scales = [image]
        if half is not None:
            scales.append(half)
        if quarter is not None:
            scales.append(quarter)
        return self.refine([self.saliency(scale) for scale in scales])

    def refine(self, maps: list[Tensor]) -> list[Tensor]:
        """Let each map agree with the next coarser one, as far as there is one."""
        refined: list[Tensor] = []
        for level, fine in enumerate(maps):
            if level + 1 < len(maps):
                coarse = F.interpolate(maps[level + 1], size=fine.shape[-2:], mode="bilinear", align_corners=False)
                refined.append((fine + coarse) / 2)
            else:
                refined.append(fine)
        return refined


def build() -> SaliencyNet:
    """Build the model as the tests use it."""
    return SaliencyNet()


def inputs() -> tuple[Tensor, Tensor, Tensor]:
    """One image in three sizes."""
    image = torch.rand(1, 3, 32, 32)
    return image, F.avg_pool2d(image, 2), F.avg_pool2d(image, 4)
