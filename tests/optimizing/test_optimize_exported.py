"""`optimize` of an exported module: machine code is kept where it is equal and faster, else the portable program."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.interleaving import Ratio
from scriptkit.optimizing import exported


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 8), nn.ReLU()).eval()


def test_what_cannot_be_compiled_stays_portable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any) -> Any:
        raise scriptkit.ArtifactError("no program of the file could be compiled:\nforward: no compiler here")

    monkeypatch.setattr(exported, "compile_exported", refuse)
    module, x = net(), torch.rand(2, 8)
    optimized = scriptkit.optimize(scriptkit.export_program(module, (x,)), (x,))
    assert optimized.variant == "portable"
    assert optimized.table["aoti"].reason == "forward: no compiler here"
    torch.testing.assert_close(optimized(x), module(x))
    optimized.save(tmp_path / "net.pt2", metadata={"made": "here"})
    assert scriptkit.load(tmp_path / "net.pt2").manifest.metadata == {"made": "here"}
    with pytest.raises(scriptkit.ScriptkitError, match="optimised for inference"):
        optimized.train()
    with pytest.raises(scriptkit.ScriptkitError, match="no TorchScript"):
        exported.PORTABLE.make(None, ())  # type: ignore[arg-type]


@pytest.mark.slow
def test_machine_code_is_kept_where_it_wins_and_goes_into_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def second_wins(contenders: Any, tell: Any) -> int:
        for number, call in enumerate(contenders):
            call()
            tell(number, Ratio(1.0 + number, 1.0, 2.0))
        return 1

    monkeypatch.setattr(exported, "winner", second_wins)
    module, x = net(), torch.rand(2, 8)
    scriptkit.export_program(module, (x,)).save(tmp_path / "net.pt2")
    optimized = scriptkit.optimize(tmp_path / "net.pt2", (x,))
    assert (optimized.variant, optimized.table["aoti"].ratio) == ("aoti", 2.0)
    for rows in (2, 5):
        torch.testing.assert_close(optimized(torch.ones(rows, 8)), module(torch.ones(rows, 8)).detach())
    optimized.save(tmp_path / "faster.pt2")
    torch.testing.assert_close(scriptkit.load(tmp_path / "faster.pt2")(x), module(x))
    stream = io.BytesIO()
    optimized.save(stream)
    assert stream.getvalue() == (tmp_path / "faster.pt2").read_bytes()
    with pytest.raises(scriptkit.ArtifactError, match="metadata"):
        optimized.save(stream, metadata={"a": 1})
    monkeypatch.setattr(exported, "compare", lambda *_: [type("Found", (), {"path": "output", "what": "off"})])
    assert scriptkit.optimize(tmp_path / "net.pt2", (x,)).table["aoti"].equal is False
