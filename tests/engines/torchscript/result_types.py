"""Types of results; in a file of their own, so that a module and its plain twin have the same."""

from typing import NamedTuple

from torch import Tensor

import scriptkit


class Point(NamedTuple):
    a: Tensor
    b: Tensor | None = None


class Outer(NamedTuple):
    point: Point
    number: int


@scriptkit.script
class Box:
    """Made by compiled code and handed to Python."""

    def __init__(self, t: Tensor, n: int) -> None:
        self.t = t
        self.n = n

    def doubled(self) -> Tensor:
        return self.t * 2
