from typing import overload

from torch import Tensor
from torch.nn.modules.module import Module

class Linear(Module):
    weight: Tensor
    def __init__(self, in_features: int, out_features: int) -> None: ...
    def forward(self, input: Tensor) -> Tensor: ...

class Identity(Module):
    def forward(self, input: Tensor) -> Tensor: ...

class LSTM(Module):
    def __init__(self, input_size: int, hidden_size: int) -> None: ...
    @overload
    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]: ...
    @overload
    def forward(self, input: int, hx: tuple[Tensor, Tensor] | None = None) -> tuple[int, tuple[Tensor, Tensor]]: ...
