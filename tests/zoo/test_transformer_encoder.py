"""The example with an encoder of transformers: trained as in eager code, saved, run at other lengths, also in C++."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import scriptkit

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="transformers is not installed"),
    pytest.mark.filterwarnings("ignore"),  # other people's code warns of what it likes
]

PROGRAM = """
#include <torch/script.h>
int main(int, char** argv) {
  torch::jit::Module model = torch::jit::load(argv[1]), calls = torch::jit::load(argv[2]);
  at::Tensor scores = model.forward({calls.attr("ids"), calls.attr("mask")}).toTensor();
  return at::allclose(scores, calls.attr("scores").toTensor(), 1e-5, 1e-6) ? 0 : 1;
}
"""


@pytest.fixture
def example() -> Any:
    torch.manual_seed(0)
    return importlib.import_module("examples.transformer_encoder")


def test_a_step_of_training_is_that_of_eager_code(example: Any) -> None:
    model = example.build()
    assert {row.path: row.mode for row in scriptkit.report(model).rows}["encoder"] == "lowered"
    plain = copy.deepcopy(model)
    torch.manual_seed(1)
    loss = example.train_a_step(model)
    with scriptkit.eager():
        torch.manual_seed(1)
        assert example.train_a_step(plain) == pytest.approx(loss)
    for name, tensor in plain.state_dict().items():
        assert torch.allclose(tensor, model.state_dict()[name], atol=1e-6), name


def test_the_file_runs_at_another_length(example: Any, tmp_path: Path) -> None:
    model = example.build().eval()
    scriptkit.save(model, tmp_path / "model.pt", example_inputs=example.inputs())
    loaded = scriptkit.load(tmp_path / "model.pt")
    for batch, length in ((1, 1), (3, 13), (2, 40)):
        inputs = example.inputs(batch, length)
        with scriptkit.eager(), torch.no_grad():
            expected = model(*inputs)
        assert torch.allclose(loaded(*inputs), expected, atol=1e-6)
        assert torch.allclose(model(*inputs), expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(
    os.name != "posix" or not (shutil.which("cmake") and shutil.which("g++")), reason="needs cmake and g++"
)
def test_cpp_gives_the_scores_of_python_at_another_length(example: Any, tmp_path: Path) -> None:
    model = example.build().eval()
    scriptkit.save(model, tmp_path / "model.pt", example_inputs=example.inputs())
    ids, mask = example.inputs(3, 13)
    calls = torch.nn.Module()
    calls.ids, calls.mask, calls.scores = ids, mask, model(ids, mask).detach()
    torch.jit.script(calls).save(str(tmp_path / "calls.pt"))
    command = [sys.executable, "-m", "scriptkit", "new-cpp", str(tmp_path / "model.pt"), "-o", str(tmp_path / "cpp")]
    subprocess.run(command, check=True)
    (tmp_path / "cpp" / "main.cpp").write_text(PROGRAM)
    prefix = f"-DCMAKE_PREFIX_PATH={torch.utils.cmake_prefix_path}"
    build = tmp_path / "build"
    subprocess.run(["cmake", "-S", tmp_path / "cpp", "-B", build, prefix], check=True)
    subprocess.run(["cmake", "--build", build, "--target", "main"], check=True)
    subprocess.run([build / "main", tmp_path / "model.pt", tmp_path / "calls.pt"], check=True)
