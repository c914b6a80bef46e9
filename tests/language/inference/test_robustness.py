"""The pass raises on no file that parses: a sample of the standard library, of torch, and of broken ideas."""

from __future__ import annotations

import ast
import sysconfig
import textwrap
import warnings
from pathlib import Path

import pytest
import torch

from scriptkit.language import analyze

LIBRARY = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[::4]
TORCH = [
    path
    for name in ("nn", "distributions", "optim")
    for path in sorted(Path(torch.__file__).parent.joinpath(name).rglob("*.py"))
]


@pytest.mark.parametrize("files", [LIBRARY, TORCH], ids=["standard library", "torch"])
def test_no_file_makes_it_raise(files: list[Path]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in files:
            analyze(path.read_text(encoding="utf-8"), str(path), all_modules=True)


since_3_11 = pytest.mark.skipif(not hasattr(ast, "TryStar"), reason="`except*` came with Python 3.11")


@pytest.mark.parametrize(
    "body",
    [
        "return f(*a, **k)",
        "x[...] += y.z",
        "(a, *b), c = x",
        "del x.y, x[0], x",
        "match x:\n    case [a, *b]: return a\n    case {'k': v}: return v",
        pytest.param("try:\n    y = 1\nexcept* ValueError:\n    y = 2\nreturn y", marks=since_3_11),
        "async with a as b: pass",
        "global q\nq = 1",
        "with a as (b, c): return b",
        "for x.y in z: pass",
        "lambda: (yield)",
        "return x if y else (z := 3)",
        "raise",
        "assert x, y",
        "x: int",
        "self.x: List[int] = []",
        "return [*x, *y], {**x}, {1, 2}, f'{x!r:>{y}}'",
        "return max()",
        "return isinstance(x), getattr(), len(), range(), zip(), enumerate(), super().a.b",
        "return ().a, []()[0], {}[0], ''()",
        "class Inner:\n    pass\nreturn Inner()",
        "import os\nreturn os.path",
        "while x:\n    break\nelse:\n    return 1",
        "return self.forward(self.forward)",
        "return [i for i in self if self for j in i]",
        "self = 1\nreturn self.x",
    ],
)
def test_odd_code_is_survived(body: str) -> None:
    indented = textwrap.indent(body, " " * 8)
    prefix = "async " if "async" in body else ""
    analyze(
        f"from torch import nn\nclass M(nn.Module):\n    {prefix}def forward(self, x, y=1):\n{indented}\n",
        all_modules=True,
    )


@pytest.mark.parametrize(
    "text",
    [
        "from torch import nn\nclass M(nn.Module):\n    forward = 1",
        (
            "from torch import nn\nclass M(nn.Module):\n    def __init__(self, **k):\n        self.x = list(**k)\n"
            "    def forward(self): return self.x"
        ),
        "from torch import nn\nclass M(M): pass",
        "from torch import nn\nclass A(B): pass\nclass B(A):\n    def forward(self): return self.x",
        "from torch import nn\nclass M(nn.Module):\n    def forward(): return 1",
        (
            "from torch import nn\nclass M(nn.Module):\n    def __init__(self): self.a = self.b; self.b = self.a\n"
            "    def forward(self): return self.a"
        ),
        (
            "from typing import NamedTuple\nfrom torch import nn\nclass P(NamedTuple):\n    p: 'P'\n"
            "class M(nn.Module):\n    def forward(self, p: P): return p.p"
        ),
        "from torch import nn\nX = Y\nY = X\nclass M(nn.Module):\n    def forward(self, x: X): return X",
        (
            "from torch import nn\ndef f(x): return g(x)\ndef g(x): return f(x)\n"
            "class M(nn.Module):\n    def forward(self, x): return f(x)"
        ),
        "",
    ],
)
def test_odd_files_are_survived(text: str) -> None:
    analyze(text, all_modules=True)
