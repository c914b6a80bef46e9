"""Who only used scriptkit hears nothing of torch's own: neither that `torch.jit` is deprecated nor what it thinks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MODELS = """
from typing import Final

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule, export, script, traced

@script
def halved(x: Tensor) -> Tensor:
    return x / 2

class Old(nn.Module):
    __constants__ = ["down"]  # as many older models say of what is a submodule

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Linear(2, 2)
        self.activation = torch.tanh
        self.function = torch.nn.functional.relu

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.activation(self.down(x)))

class Lowered(Old):
    def forward(self, x: Tensor, **options: int) -> Tensor:
        return super().forward(x) * options.get("scale", 2)

class Net(ScriptableModule):
    step: Final = 2

    def __init__(self) -> None:
        super().__init__()
        self.old = Old()
        self.more = traced(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)))
        self.names: list[str] = []

    def forward(self, x: Tensor) -> Tensor:
        return halved(self.more(self.old(x))) * self.step

    @export
    def also(self, x: Tensor) -> Tensor:
        return x + 1
"""
PROGRAM = """
import io
import threading

import torch
import scriptkit
from models import Lowered, Net, Old, halved

x = (torch.ones(1, 2),)
net = Net()
net(*x)
scriptkit.verify(net.eval(), x)
print(scriptkit.report(net))
for module in (net, *(scriptkit.compile(one, x) for one in (Old(), Lowered(), scriptkit.traced(Old())))):
    file = io.BytesIO()
    scriptkit.save(module, file, example_inputs=x)
    file.seek(0)
    loaded = scriptkit.load(file)
    loaded(*x)
    scriptkit.warmup(loaded, x)
    scriptkit.to_torchscript(module)
halved(*x)
net.train()
net(torch.ones(3, 2, requires_grad=True)).sum().backward()
net.register_buffer("later", torch.ones(1))
net(*x)
threads = [threading.Thread(target=lambda: Net()(*x)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_a_program_run_with_warnings_as_errors_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
