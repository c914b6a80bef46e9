"""The table of `readiness`: as text, as JSON, drawn; an engine that refuses says why, an unknown one is refused."""

from __future__ import annotations

import io
import json

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

import scriptkit


class Part(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + len(str(x.data_ptr()))


class Whole(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.good = nn.Linear(3, 3)
        self.bad = Part()

    def forward(self, x: Tensor) -> Tensor:
        return self.bad(self.good(x))


def test_a_refused_part_is_found_below_the_refused_whole() -> None:
    report = scriptkit.readiness(Whole(), (torch.rand(2, 3),), engines=("export", "onnx"))
    verdicts = {row.path: row["export"].verdict for row in report.rows}
    assert verdicts[""] == verdicts["bad"] == "no"
    assert verdicts["good"] == "yes"
    assert report.rows[0].export.verdict == "no"
    with pytest.raises(AttributeError):
        _ = report.rows[0].nothing
    drawn = io.StringIO()
    Console(file=drawn, width=200).print(report)
    assert "bad: Part" in drawn.getvalue()
    assert "bad: Part" in str(report)
    assert {row["path"] for row in json.loads(report.as_json())} >= {"", "bad", "good"}
