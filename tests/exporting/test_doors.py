"""What exported modules are to the other functions of scriptkit, to pytest and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import scriptkit
from scriptkit.cli import main
from scriptkit.testing import Form, assert_exportable
from tests.exporting import models

MODELS = f"{Path(models.__file__)}"


def test_report_and_verify_take_exported_modules() -> None:
    exported = scriptkit.export_program(models.Normed().eval(), (torch.randn(3, 4),))
    rows = scriptkit.report(exported).rows
    assert {row.mode for row in rows} == {"exported"}
    assert scriptkit.is_compiled(exported)
    before = int(exported.steps)
    assert scriptkit.verify(exported, (torch.randn(3, 4),)).passed
    assert int(exported.steps) == before


def test_verify_finds_a_difference() -> None:
    exported = scriptkit.export_program(models.Tied(), (torch.randn(3, 4),))
    with torch.no_grad():
        exported.__scriptkit_source__().get_submodule("two").bias = nn.Parameter(torch.ones(4))
    with pytest.raises(scriptkit.VerificationError):
        scriptkit.verify(exported, (torch.randn(3, 4),))


def test_assert_exportable_says_which_dimension_is_fixed() -> None:
    call = (torch.randn(3, 4), torch.randn(3, 7), 5)
    assert assert_exportable(models.Sized(), call, free={"x": [0, 1]}).rows
    with pytest.raises(AssertionError, match=r"dimension 1 of 'y' is fixed: the loop at models"):
        assert_exportable(models.Sized(), call, free={"y": [1]})
    with pytest.raises(AssertionError, match=r"'self.last' changes from call to call"):
        assert_exportable(models.Remembering(), (torch.randn(3),))
    with pytest.raises(AssertionError, match="`forward` is exported"):
        assert_exportable(models.Tied(), (torch.randn(3, 4),), route="lowered")


def test_the_form_of_a_test_may_be_exported() -> None:
    net = Form("exported")(models.Normed().eval())
    assert net(torch.randn(2, 4)).shape == (2, 4)
    assert net.encode(torch.randn(2, 4), 3.0).shape == (2, 4)
    assert len(list(net.parameters())) == 4


def test_readiness_names_the_part_and_the_line_that_stand_in_the_way() -> None:
    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = models.Tied()
            self.two = models.Remembering()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.one(x).sum() + self.two(x[0, :3]).sum()

    report = scriptkit.readiness(Whole().eval(), (torch.randn(3, 4),))
    found = {row.path: row for row in report.rows}
    assert found[""]["torchscript"].verdict == "yes"
    assert found[""]["export"].verdict == "no"
    assert found["one"]["export"].verdict == "yes"
    assert found["two"]["export"].verdict == "no"
    assert found["two"]["export"].line.startswith("models.py:")
    assert found["two"]["torchscript"].reason == "as part of `(root)`"
    assert "two: Remembering" in str(report)
    assert json.loads(report.as_json())[0]["class_name"] == "Whole"
    with pytest.raises(ValueError, match="no engine `tensorrt`"):
        scriptkit.readiness(Whole(), (torch.randn(3, 4),), engines=("tensorrt",))


def test_the_command_exports(tmp_path: Path) -> None:
    target = tmp_path / "m.pt2"
    done = CliRunner().invoke(main, ["export", f"{MODELS}:Tied", "--inputs", "3x4", "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert "forward: exported" in done.output
    assert scriptkit.load(target)(torch.randn(2, 4)).shape == (2, 4)


def test_the_command_says_what_cannot_be_exported(tmp_path: Path) -> None:
    target = tmp_path / "m.pt2"
    done = CliRunner().invoke(main, ["export", f"{MODELS}:Remembering", "--inputs", "3", "-o", str(target)])
    assert done.exit_code == 1
    assert "'self.last' changes from call to call" in done.output
    assert not target.exists()


def test_the_command_tells_readiness() -> None:
    done = CliRunner().invoke(main, ["readiness", f"{MODELS}:Tied", "--inputs", "3x4", "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)[0]["engines"]["export"]["verdict"] == "yes"
    refused = CliRunner().invoke(main, ["readiness", f"{MODELS}:Remembering", "--inputs", "3"])
    assert refused.exit_code == 1
    wrong = CliRunner().invoke(main, ["readiness", f"{MODELS}:Tied", "--inputs", "3x4", "--engine", "tensorrt"])
    assert wrong.exit_code == 2


def test_the_command_writes_onnx(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    target = tmp_path / "m.onnx"
    done = CliRunner().invoke(main, ["onnx", f"{MODELS}:Tied", "--inputs", "3x4", "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert target.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("Recurrent", (torch.randn(5, 3, 4),)),
        ("Sized", (torch.randn(3, 4), torch.randn(3, 7), 5)),
        ("RecurrentLayers", (torch.randn(2, 5, 3),)),
    ],
)
def test_an_onnx_model_is_compared_at_other_sizes(kind: str, call: tuple[object, ...], tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    report = scriptkit.export_onnx(getattr(models, kind)().eval(), tmp_path / "m.onnx", call)
    assert "the example inputs" in report.compared
    assert any("grown" in name for name in report.compared)
    assert kind != "RecurrentLayers" or not report.limits


@pytest.mark.slow
def test_what_onnx_cannot_hold_is_an_error_and_no_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    cannot = "stands inside another one|cannot become ONNX|cannot be exported"  # the last ones: before torch 2.11
    with pytest.raises(scriptkit.ExportError, match=cannot):
        scriptkit.export_onnx(models.Repeating().eval(), tmp_path / "m.onnx", (torch.randn(3, 4),))
    assert list(tmp_path.iterdir()) == []
