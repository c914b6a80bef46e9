"""What cannot be exported is told in scriptkit's words, at a line, with a way out; torch's are at most quoted."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.compiling.exporting import exporter
from scriptkit.live.comparison import compare
from tests.exporting import refused_models as models

RAW = (
    "GuardOnData",
    "unhinted",
    "Traceback",
    "TORCH_LOGS",
    "http",
    "FakeTensor",
    "Dyn'",
    "Parts'",
    "_dynamo",
    "draft_",
)

REFUSED = [
    (models.Forces, "a tensor that is computed on the way would become a constant of the program", "def forward"),
    (models.Packing, "Python code takes a value that only a run knows for a plain object", "PackedSequence("),
    (models.WithNumpy, "Python code reads the values of a tensor here", ".numpy()"),
    (models.Solving, "torch.export has no form of `linalg_lstsq` for sizes that are free", "lstsq"),
    (models.Listing, "Python needs a value here that only a run of the program knows", "float(row.sum())"),
]


@pytest.mark.parametrize(("kind", "words", "line"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_refusal_is_in_words_at_a_line(kind: type[nn.Module], words: str, line: str) -> None:
    with pytest.raises(scriptkit.ExportError) as told:
        scriptkit.export_program(kind(), (torch.rand(2, 4, 3) if kind is models.Packing else torch.rand(4, 3),))
    text = str(told.value)
    assert words in text
    assert [raw for raw in RAW if raw in text] == []
    assert line in text
    assert told.value.diagnostics
    for found in told.value.diagnostics:
        assert found.line
        assert found.help
        assert Path(found.path).is_file()


def test_what_torch_said_is_told_on_request(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="scriptkit.export"), pytest.raises(scriptkit.ExportError):
        scriptkit.export_program(models.Listing(), (torch.rand(4, 3),))
    assert "GuardOnDataDependentSymNode" in caplog.text


@pytest.mark.parametrize("kind", [models.Adapting, models.Halving])
def test_steps_as_long_as_the_error_says(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    net = kind()
    exported = scriptkit.export_program(net, (torch.rand(4, 3),))
    for size, scale in ((4, 1.0), (2, 5.0), (7, 0.1)):
        y = torch.randn(size, 3) * scale
        assert compare(net(y), exported(y)) == []


def test_comparisons_of_whole_tensors() -> None:
    net = models.Comparing()
    exported = scriptkit.export_program(net, (torch.rand(3), torch.rand(3)))
    x = torch.randn(5)
    for one, other in ((x, x.clone()), (x, x + 0.1), (x, x + 2), (torch.zeros(5), x + 9)):
        assert compare(net(one, other), exported(one, other)) == []


def test_a_mistake_of_scriptkit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(exporter, "lowered_method", failing)
    with pytest.raises(scriptkit.ExportError, match="internal error: ZeroDivisionError: on purpose") as told:
        scriptkit.export_program(models.Comparing(), (torch.rand(3), torch.rand(3)))
    assert "report it" in str(told.value)
    monkeypatch.setattr("scriptkit.compiling.exporting.running.Original.copy", failing)
    with pytest.raises(
        scriptkit.ExportError, match="internal error while exporting Comparing: ZeroDivisionError"
    ) as told:
        scriptkit.export_program(models.Comparing(), (torch.rand(3), torch.rand(3)))
    assert told.value.__cause__ is None
