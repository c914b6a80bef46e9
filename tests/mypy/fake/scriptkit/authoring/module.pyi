from typing import ParamSpec, Protocol, TypeVar

from torch.nn.modules.module import Module

_P = ParamSpec("_P")
_R_co = TypeVar("_R_co", covariant=True)

class HasForward(Protocol[_P, _R_co]):
    def forward(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...

class ScriptableModule(Module):
    def __call__(self: HasForward[_P, _R_co], *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
