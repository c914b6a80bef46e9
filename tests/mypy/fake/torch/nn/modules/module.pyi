from collections.abc import Callable
from typing import Any

from torch import Tensor

class Module:
    forward: Callable[..., Any]
    __call__: Callable[..., Any]
    training: bool
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None: ...
    def __getattr__(self, name: str) -> Tensor | Module: ...
