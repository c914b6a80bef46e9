"""Classes in cells of a notebook, where the imports, helpers and constants stand in other cells."""

from __future__ import annotations

import linecache
from typing import Any

import pytest
import torch

import scriptkit
from scriptkit.checking import cells


class Notebook:
    """Cells that share their names, as a kernel runs them."""

    def __init__(self, name: str = "<ipython-input-{}>") -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.name = name
        self.count = 0

    def cell(self, text: str) -> None:
        self.count += 1
        file = self.name.format(self.count)
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self.names)


IMPORTS = """\
import math
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from scriptkit import ScriptableModule
"""
HELPERS = """\
SLOPE = 0.1
def leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE)
class Inner(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1
"""
NET = """\
class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.inner = nn.Linear(4, 2), Inner()

    def forward(self, x: Tensor) -> Tensor:
        return leaky(self.inner(self.fc(x))) * math.pi + SLOPE
"""


@pytest.fixture(params=["<ipython-input-{}>", "/tmp/ipykernel_1234/{}.py"])
def notebook(request: pytest.FixtureRequest) -> Notebook:
    """One whose first two cells have run."""
    made = Notebook(request.param)
    made.cell(IMPORTS)
    made.cell(HELPERS)
    return made


def test_names_of_other_cells_are_known(notebook: Notebook) -> None:
    notebook.cell(NET)
    net, x = notebook.names["Net"](), torch.rand(3, 4)
    assert scriptkit.is_compiled(net)
    assert torch.equal(net(x), net.eager(x))


def test_a_name_that_no_cell_defines_is_told_at_its_line_in_the_cell(notebook: Notebook) -> None:
    with pytest.raises(scriptkit.ScriptabilityError) as caught:
        notebook.cell(NET.replace("math.pi", "missing"))
    (finding,) = caught.value.diagnostics
    assert (finding.name, finding.line) == ("undefined-name", 7)
    assert "7 |         return leaky(self.inner(self.fc(x))) * missing + SLOPE" in str(caught.value)


def test_both_ends_of_a_finding_are_at_their_lines(notebook: Notebook) -> None:
    with pytest.raises(scriptkit.ScriptabilityError) as caught:
        notebook.cell(
            "class Net(ScriptableModule):\n"
            "    limit: float | None\n"
            "    def forward(self, x: Tensor) -> Tensor:\n"
            "        if self.limit is not None:\n"
            "            x = x * self.limit\n"
            "        return x\n"
        )
    (finding,) = caught.value.diagnostics
    assert finding.name == "optional-attribute-not-refined"
    assert (finding.line, [label.line for label in finding.secondary]) == (5, [4])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("F.relu(x)", "import torch.nn.functional as F"),
        ("torch.ones(1)", "import torch"),
        ("nn.Linear", "import torch.nn as nn"),
        ("Tensor", "from torch import Tensor"),
        ("Linear", "from torch.nn import Linear"),
        ("Straight", "from torch.nn import Linear as Straight"),
        ("SLOPE", "SLOPE = 0.1"),
        ("leaky", "from __main__ import leaky"),
        ("len(missing)", ""),
        ("import torch\ntorch.ones(1)", ""),
        ("def torch(): ...\ntorch()", ""),
    ],
)
def test_one_line_gives_each_name_its_meaning(text: str, line: str) -> None:
    notebook = Notebook()
    notebook.cell(IMPORTS)
    notebook.cell(HELPERS)
    notebook.names.update(Linear=torch.nn.Linear, Straight=torch.nn.Linear)
    assert cells.with_names(text, notebook.names) == f"{line}\n{text}"
