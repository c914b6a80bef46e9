"""A model as it is written for `torch.jit.script`: marks, constants, a saved file."""

from typing import Dict, List, Final

import torch
from torch import Tensor, nn
import scriptkit
from scriptkit import ScriptableModule, export, ignore, script, unused


class Block(nn.Module):   # its children need no other base
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x))


class Net(ScriptableModule):  # compiled at the end of the file
    depth: Final[int]
    seen: Dict[str, int]

    def __init__(self, width: int, depth: int = 2) -> None:
        super().__init__()
        self.depth = depth
        self.blocks = nn.ModuleList([Block(width) for _ in range(depth)])
        self.seen = {}   # counted by name

    def forward(self, x: Tensor) -> Tensor:
        sizes: List[int] = []
        for block in self.blocks:
            x = block(x)
            sizes.append(x.size(0))
        return x * self.depth + len(sizes)

    @export   # called by the server
    def count(self, name: str) -> int:
        self.seen[name] = self.seen.get(name, 0) + 1
        return self.seen[name]

    @unused
    def debug(self, x: Tensor) -> None:
        print(x.tolist())

    @ignore
    def log(self, x: Tensor) -> None:
        print(x)


class Wide(Net):
    @export
    def twice(self, x: Tensor) -> Tensor:
        return self.forward(x) * 2


@script
def scaled(x: Tensor, by: float) -> Tensor:
    return x * by


def write(path: str) -> None:
    net = Net(4).eval()
    net(torch.rand(1, 4))
    print(net.count("written"))
    net.save(path)


def write_at_once(path: str) -> None:
    Net(4).save(path)
    scriptkit.save(Wide(4), path)


def compiled() -> torch.jit.ScriptModule:
    return scriptkit.to_torchscript(Net(4))  # somebody asks for its graph


def rebound(path: str) -> Tensor:
    net = Net(4)
    net = scriptkit.to_torchscript(net)
    torch.jit.save(net, path)
    return net(torch.rand(2, 4))
