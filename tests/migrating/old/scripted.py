"""A model as it is written for `torch.jit.script`: marks, constants, a saved file."""

from typing import Dict, List

import torch
from torch import Tensor, nn


class Block(nn.Module):   # its children need no other base
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x))


class Net(nn.Module):  # compiled at the end of the file
    depth: torch.jit.Final[int]
    seen: Dict[str, int]

    def __init__(self, width: int, depth: int = 2) -> None:
        super().__init__()
        self.depth = depth
        self.blocks = nn.ModuleList([Block(width) for _ in range(depth)])
        self.seen = {}   # counted by name

    def forward(self, x: Tensor) -> Tensor:
        sizes = torch.jit.annotate(List[int], [])
        for block in self.blocks:
            x = block(x)
            sizes.append(x.size(0))
        return x * self.depth + len(sizes)

    @torch.jit.export   # called by the server
    def count(self, name: str) -> int:
        self.seen[name] = self.seen.get(name, 0) + 1
        return self.seen[name]

    @torch.jit.unused
    def debug(self, x: Tensor) -> None:
        print(x.tolist())

    @torch.jit.ignore
    def log(self, x: Tensor) -> None:
        print(x)


class Wide(Net):
    @torch.jit.export
    def twice(self, x: Tensor) -> Tensor:
        return self.forward(x) * 2


@torch.jit.script
def scaled(x: Tensor, by: float) -> Tensor:
    return x * by


def write(path: str) -> None:
    net = torch.jit.script(Net(4).eval())
    net(torch.rand(1, 4))
    print(net.count("written"))
    net.save(path)


def write_at_once(path: str) -> None:
    torch.jit.script(
        Net(4),
    ).save(path)
    torch.jit.save(torch.jit.script(Wide(4)), path)


def compiled() -> torch.jit.ScriptModule:
    return torch.jit.script(Net(4))  # somebody asks for its graph


def rebound(path: str) -> Tensor:
    net = Net(4)
    net = torch.jit.script(net)
    torch.jit.save(net, path)
    return net(torch.rand(2, 4))
