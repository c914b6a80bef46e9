"""What nobody can prove, and what nobody may touch."""

import torch
from some_library import Mixin, Registered
from torch import Tensor, nn


class Refused(nn.Module):
    """The rules say that it does not compile: it stays a plain module."""

    @torch.jit.export
    def forward(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)


class Mixed(Mixin, nn.Module):
    @torch.jit.export
    def forward(self, x: Tensor) -> Tensor:
        return x


class Special(nn.Module, metaclass=Registered):
    @torch.jit.export
    def forward(self, x: Tensor) -> Tensor:
        return x


class Plain(nn.Module):
    """Nobody compiles it here."""

    @torch.jit.unused
    @property
    def name(self) -> str:
        return "plain"

    @torch.jit.ignore(drop=True)
    def debug(self, x: Tensor) -> None:
        print(x)

    def forward(self, x: Tensor) -> Tensor:
        if not torch.jit.is_scripting():
            self.debug(x)
        return x


def use(net: nn.Module, x: Tensor) -> Tensor:
    scripted = torch.jit.script(net)
    traced = torch.jit.trace(net, x)
    loaded = torch.jit.load("net.pt")
    frozen = torch.jit.freeze(scripted)
    sizes = [1]
    sizes = torch.jit.annotate(list[int], [])
    print(torch.jit.annotate(list[int], []), sizes, torch.jit.script(net, optimize=True))
    return traced(x) + loaded(x) + frozen(x)


@torch.jit.script
def kept(x: Tensor) -> Tensor:
    return x


print(kept.graph)
