"""A write into what a container holds is seen in the container, live and in a file that torch alone runs."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING

import pytest
import torch

import scriptkit
from tools.importing import imported

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
from typing import Dict, List, Optional, Tuple
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from scriptkit import ScriptableModule

def doubled(t: Tensor) -> None:
    t.mul_(2)

def put(held: List[Tensor], t: Tensor) -> None:
    held.append(t)

def put_and_doubled(held: List[Tensor], t: Tensor) -> None:
    put(held, t)
    t.mul_(2)

def put_new(held: List[Tensor]) -> Tensor:
    t = torch.ones(2)
    held.append(t)
    return t

def listed(t: Tensor) -> List[Tensor]:
    return [t]

def of_some(t: Optional[Tensor]) -> List[Tensor]:
    return [] if t is None else [t]

def packed(t: Tensor) -> Tuple[Tensor, Tensor]:
    return t, t

def in_a_tuple(t: Tensor) -> Tuple[List[Tensor], Tensor]:
    t = t + 1
    return listed(t), t

def row_in(rows: List[List[int]], row: List[int]) -> None:
    rows.append(row)

class Keeps(ScriptableModule):
    def forward(self, held: List[Tensor], t: Tensor) -> None:
        held.append(t)

class Model(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.relu, self.keeps, self.flag = nn.ReLU(inplace=True), Keeps(), True

    def keep(self, held: List[Tensor], t: Tensor) -> None:
        held.append(t)

    def forward(self, x: Tensor) -> RETURNS:
"""
LISTS = """
a = x.clone() | held = [a] | a.add_(1) | return held
held = [x.clone()] | held[0].add_(1) | return held
held = [x.clone(), x.clone()] | held[0].add_(1) | return held
held = [x.clone()] | held[-1].add_(1) | return held
held = [x.clone()] | held[x.size(0) - 2].add_(1) | return held
held = [x.clone()] | one = held[0] | one.add_(1) | return held
held = [x.clone()] | held[0][1] = 5 | return held
held = [x.clone()] | held[0] += 1 | return held
held = [x.clone()] | held[0] = x.clone() | held[0].add_(1) | return held
held = [x.clone()] | held.append(x.clone()) | held[1].add_(1) | return held
held: List[Tensor] = [] | a = x.clone() | held.append(a) | a.add_(1) | return held
held = [x.clone()] | for one in held: one.add_(1) | return held
held = [x.clone()] | for one in held[:]: one.add_(1) | return held
held = [x.clone()] | for _, one in enumerate(held): one.add_(1) | return held
held = [x.clone()] | for one, _ in zip(held, held): one.add_(1) | return held
held = [x.clone()] | for i in range(len(held)): held[i].add_(1) | return held
held = [x.clone()] | if bool(x.sum() == 0): held[0].add_(1) | return held
held = [x.clone()] | doubled(held[0].add_(1)) | return held
held = [x - 1] | self.relu(held[0]) | return held
held = [x - 1] | torch.relu_(held[0]) | return held
a = x - 1 | held = listed(a) | F.relu(a, inplace=self.flag) | return held
a = x - 1 | held = listed(a) | F.relu(a, True) | return held
a = x.clone() | held = [a[:1]] | a.add_(1) | return held
a = x.clone() | b = a | held = [b] | a.add_(1) | return held
a = x.clone() | held = [a] | for _ in range(3): a.add_(1) | return held
a = x.clone() | held = [a, x] | a.add_(1) | return [torch.cat(held), torch.stack(held)]
a = x.clone() | held = [a] | one = torch.stack(held) | a.add_(1) | return [one, torch.stack(held)]
held = {"k": x.clone()} | held["k"].add_(1) | return [held["k"]]
held = (x.clone(), 1) | held[0].add_(1) | return [held[0]]
held = [(x.clone(), 1)] | for one, _ in held: one.add_(1) | return [held[0][0]]
held = [[x.clone()]] | held[0][0].add_(1) | return held[0]
held: List[Tensor] = [] | a = x + 1 | put(held, a) | a.add_(1) | return held
held: List[Tensor] = [] | a = x + 1 | self.keep(held, a) | a.add_(1) | return held
held: List[Tensor] = [] | a = x + 1 | self.keeps(held, a) | a.add_(1) | return held
held: List[Tensor] = [] | a = x + 1 | put(held, a.view(-1)) | a.add_(1) | return held
held: List[Tensor] = [] | a = x + 1 | put(held, a) | doubled(a) | return held
held: List[Tensor] = [] | a = x + 1 | put_and_doubled(held, a) | return held
held: List[Tensor] = [] | a = put_new(held) | a.add_(1) | return held
a = x + 1 | held = listed(a) | a.add_(1) | return held
a = x + 1 | held = listed(a) | doubled(a) | return [torch.stack(held)]
a = x + 1 | held = of_some(a) | a.add_(1) | return held
a = x - 1 | held = listed(a) | one = self.relu(a) | return held
a = x - 1 | held = listed(a.view(-1)) | b = a.t() | b.add_(1) | return held
held = listed(x + 1) | held[0].add_(1) | return held
held, a = in_a_tuple(x) | a.add_(1) | return held
""".strip().splitlines()
OTHERS = {
    "a = x + 1 | h = torch.jit.annotate(List[Optional[Tensor]], [a]) | a.add_(1) | return h": "List[Optional[Tensor]]",
    "a = x + 1 | held = dict(k=a) | a.add_(1) | return held": "Dict[str, Tensor]",
    "a = x + 1 | held = packed(a) | a.add_(1) | return held": "Tuple[Tensor, Tensor]",
    "a = [1] | held: List[List[int]] = [] | row_in(held, a) | a.append(1) | return held": "List[List[int]]",
    "a = x.clone() | held = (a, 1) | a.add_(1) | return held": "Tuple[Tensor, int]",
    "a = x.clone() | held = (1, (a, 2)) | a.add_(1) | return held": "Tuple[int, Tuple[Tensor, int]]",
    "a = x.clone() | held = ([a], 2) | a.add_(1) | return held": "Tuple[List[Tensor], int]",
    "a = x.clone() | held = {'k': a} | a.add_(1) | return held": "Dict[str, Tensor]",
    "a = [1] | held = [a] | a.append(1) | return held": "List[List[int]]",
    "a = {'k': 1} | held = [a] | a['l'] = 1 | return held": "List[Dict[str, int]]",
    "a = x.clone() | held: Optional[Tensor] = a | a.add_(1) | return held": "Optional[Tensor]",
}
BODIES = {**dict.fromkeys(LISTS, "List[Tensor]"), **OTHERS}


@pytest.mark.parametrize("body", BODIES)
def test_a_write_into_what_a_container_holds_is_seen(body: str, tmp_path: Path) -> None:
    text = HEAD.replace("RETURNS", BODIES[body]) + textwrap.indent("\n".join(body.split(" | ")), " " * 8) + "\n"
    path = tmp_path / "holding.py"
    path.write_text(text)
    net = imported(path).Model()
    scriptkit.save(net, file := io.BytesIO())
    file.seek(0)
    with scriptkit.eager(), torch.no_grad():
        expected = str(net(torch.zeros(2)))
    for form in (net, torch.jit.load(file)):
        with torch.no_grad():
            assert [str(form(torch.zeros(2))) for _ in range(4)] == [expected] * 4
