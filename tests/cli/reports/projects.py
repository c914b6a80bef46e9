"""A small project with findings of every kind, and the command run in it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from scriptkit.cli import main

HEAD = "from typing import Optional\nimport torch\nfrom torch import Tensor, nn\n\n"
GOOD = HEAD + "class Good(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n        return x + 1\n"
BAD = GOOD.replace("Good", "Bad").replace("return x + 1", "return (lambda t: t)(x)")
TWO_PLACES = HEAD + (
    "class Maybe(nn.Module):\n    bias: Optional[Tensor]\n\n"
    "    def __init__(self, bias: Optional[Tensor]) -> None:\n"
    "        super().__init__()\n"
    "        self.bias = bias\n\n"
    "    def forward(self, x: Tensor) -> Tensor:\n"
    "        if self.bias is not None:\n"
    "            x = x + self.bias\n"
    "        return x\n"
)
WARNED = (
    HEAD + "class Warned(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n        return x + torch.zeros(3)\n"
)


def project(folder: Path) -> None:
    """Write the files: one clean, some with findings, one that is no Python, one with a name that needs quoting."""
    (folder / "good.py").write_text(GOOD)
    (folder / "bad.py").write_text(BAD)
    (folder / "two places.py").write_text(TWO_PLACES)
    (folder / "warned.py").write_text(WARNED)
    (folder / "é & <x>.py").write_text(BAD)
    (folder / "broken.py").write_text("def f(:\n")


def check(*arguments: str, text: str | None = None) -> Result:
    """`scriptkit check --all-modules` with these arguments."""
    return CliRunner().invoke(main, ["check", "--all-modules", *arguments], input=text)
