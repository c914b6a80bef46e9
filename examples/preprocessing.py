"""Preprocessing inside the model: camera bytes in, so that a C++ program needs neither numpy nor OpenCV to agree."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


class Preprocessing(ScriptableModule):
    """Resizes, scales and normalises images as they come from a camera."""

    mean: Tensor
    deviation: Tensor
    size: Final[int]

    def __init__(self, size: int = 32) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """(batch, height, width, 3) uint8 -> (batch, 3, size, size) float32, normalised."""
        if image.dtype != torch.uint8 or image.dim() != 4 or image.size(3) != 3:
            raise ValueError("expected uint8 images of shape (batch, height, width, 3)")
        x = image.permute(0, 3, 1, 2).to(self.mean.dtype) / 255
        x = F.interpolate(x, size=(self.size, self.size), mode="bilinear", align_corners=False, antialias=True)
        return (x - self.mean) / self.deviation


class CameraClassifier(ScriptableModule):
    """What leaves the camera goes in, probabilities come out."""

    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        self.preprocess = Preprocessing()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten())
        self.classifier = nn.Linear(8 * 4 * 4, classes)

    def forward(self, image: Tensor) -> Tensor:
        """(batch, height, width, 3) uint8 -> (batch, classes), the probability of each class."""
        x = self.preprocess(image)
        return F.softmax(self.classifier(self.features(x)), dim=1)


def build() -> CameraClassifier:
    """Build the model as the tests use it."""
    return CameraClassifier()


def inputs() -> tuple[Tensor]:
    """Two pictures of 60 x 80 pixels."""
    return (torch.randint(0, 256, (2, 60, 80, 3), dtype=torch.uint8),)
