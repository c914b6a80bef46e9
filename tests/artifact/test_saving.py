"""`save` of the modules scriptkit compiles: what the manifest says of them, and that the file holds them."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.errors import VerificationError
from scriptkit.live.comparison import Tolerance, compare


class Gate(ScriptableModule):
    """A small model with everything the manifest speaks of."""

    power: Final[int]

    def __init__(self, size: int, power: int = 2, name: str = "gate") -> None:
        super().__init__()
        self.layer = nn.Linear(size, size)
        self.power = power

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        y = self.helper(x)
        return y if bias is None else y + bias

    def helper(self, x: Tensor) -> Tensor:
        result: Tensor = self.layer(x)
        for _ in range(self.power):
            result = torch.relu(result)
        return result

    @export
    def encode(self, xs: list[Tensor], scale: float = 2.0) -> dict[str, Tensor]:
        return {"first": xs[0] * scale}


def reloaded(module: nn.Module, **arguments: Any) -> LoadedModule:
    stream = io.BytesIO()
    scriptkit.save(module, stream, **arguments)
    return scriptkit.load(io.BytesIO(stream.getvalue()))


def test_a_scriptable_module_comes_back_equal() -> None:
    gate = Gate(3).eval()
    loaded = reloaded(gate, metadata={"labels": ["cat"]})
    x = torch.randn(2, 3)
    assert torch.equal(loaded(x), gate(x))
    assert torch.equal(loaded.encode([x], scale=3.0)["first"], x * 3)
    assert loaded.manifest.metadata == {"labels": ["cat"]}
    assert loaded.manifest.class_name.endswith("Gate")


def test_only_forward_and_the_exported_methods_are_published() -> None:
    assert [method.name for method in reloaded(Gate(3)).manifest.methods] == ["forward", "encode"]


def test_the_manifest_says_how_each_submodule_was_compiled() -> None:
    rows = reloaded(Gate(3)).manifest.submodules
    assert [(row.path, row.class_name, row.mode) for row in rows] == [
        ("", "Gate", "script"),
        ("layer", "Linear", "script"),
    ]
    assert all(row.reason for row in rows)


def test_constructor_arguments_are_recorded_where_json_can_say_them() -> None:
    assert reloaded(Gate(3, name="door")).manifest.constructor_arguments == {"size": 3, "name": "door"}

    class Holding(ScriptableModule):
        def __init__(self, layer: nn.Module) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.layer(x)
            return result

    assert reloaded(Holding(nn.Linear(2, 2))).manifest.constructor_arguments is None
    assert reloaded(scriptkit.compile(nn.Linear(2, 2))).manifest.constructor_arguments is None


def test_constants_and_tensors_are_named() -> None:
    manifest = reloaded(Gate(3)).manifest
    assert manifest.constants[""]["power"] == "2"
    assert manifest.constants["layer"] == {"in_features": "3", "out_features": "3"}
    assert manifest.tensors["layer.weight"].shape == [3, 3]
    assert manifest.tensors["layer.weight"].dtype == "float32"
    assert "aten::linear" in manifest.operators


def test_example_inputs_are_verified_and_the_differences_recorded() -> None:
    inputs = {"forward": (torch.randn(2, 3),), "encode": ([torch.randn(2)], 1.5)}
    verification = reloaded(Gate(3).eval(), example_inputs=inputs).manifest.verification
    assert verification is not None
    assert verification.seed == 0
    recorded = [(row.method, row.compiled, row.reloaded) for row in verification.differences]
    assert recorded == [("forward", 0.0, 0.0), ("encode", 0.0, 0.0)]


def test_keyword_examples_are_described() -> None:
    loaded = reloaded(Gate(3), example_inputs=(torch.randn(2, 3),), example_kwargs={"bias": torch.ones(3)})
    examples = [parameter.example for parameter in loaded.manifest.method("forward").parameters]
    assert [example.model_dump()["shape"] for example in examples if example] == [[2, 3], [3]]


def test_verifying_leaves_the_module_and_the_random_numbers_alone() -> None:
    class Counting(ScriptableModule):
        calls: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return x + self.calls

    counting = Counting()
    state = torch.get_rng_state()
    loaded = reloaded(counting, example_inputs=(torch.zeros(1),))
    assert float(counting.calls) == 0
    assert float(loaded.calls) == 0
    assert torch.equal(torch.get_rng_state(), state)


def test_a_file_that_would_differ_from_the_module_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(3).eval()
    from scriptkit.engines.torchscript.engine import files

    loading = files.load_archive

    def wrong(archive: Any, device: torch.device | None) -> Any:
        loaded = loading(archive, device)
        with torch.no_grad():
            for parameter in loaded.module.parameters():
                parameter.add_(1)
        return loaded

    monkeypatch.setattr(files, "load_archive", wrong)
    with pytest.raises(VerificationError, match="`forward` reloaded differs from eager on the example inputs: output"):
        scriptkit.save(gate, tmp_path / "model.pt", example_inputs=(torch.randn(2, 3),))
    assert not (tmp_path / "model.pt").exists()


def test_a_compiled_foreign_module_comes_back_equal() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    x = torch.randn(2, 3, 8, 8)
    loaded = reloaded(scriptkit.compile(module), example_inputs=(x,))
    assert torch.equal(loaded(x), module(x))
    assert loaded.manifest.class_name.endswith("Sequential")
    assert {row.mode for row in loaded.manifest.submodules} == {"script"}


class Branching(nn.Module):
    """Cannot be scripted (it asks for its own class), and depends on nothing but tensors when traced."""

    def forward(self, x: Tensor) -> Tensor:
        scale = {Branching: 2.0}[type(self)]
        return torch.relu(x) * scale


def test_a_traced_module_says_so_and_comes_back_equal() -> None:
    x = torch.randn(2, 3)
    compiled = scriptkit.compile(Branching().eval(), (x,), modes={"": "trace"})
    loaded = reloaded(compiled, example_inputs=(x,))
    assert torch.equal(loaded(-x), Branching()(-x))
    assert [(row.path, row.mode) for row in loaded.manifest.submodules] == [("", "trace")]
    assert all(assumption.startswith("(root): ") for assumption in loaded.manifest.trace_assumptions)


@pytest.mark.parametrize("name", ["residual", "saliency", "lstm", "decoder", "pyramid", "preprocessing"])
def test_every_example_comes_back_equal(name: str) -> None:
    example = importlib.import_module(f"examples.{name}")
    net, inputs = example.build().eval(), example.inputs()
    loaded = reloaded(net, example_inputs=tuple(inputs), metadata={"example": name})
    with torch.no_grad():
        assert not compare(net(*inputs), loaded(*inputs), Tolerance(0.0, 0.0))
    assert loaded.manifest.metadata == {"example": name}
    assert loaded.manifest.verification is not None
    assert all(row.reloaded == 0 for row in loaded.manifest.verification.differences)


def test_the_method_form_saves_too(tmp_path: Path) -> None:
    gate = Gate(3)
    gate.save(tmp_path / "model.pt", metadata={"a": 1})
    assert scriptkit.load(tmp_path / "model.pt").manifest.metadata == {"a": 1}


PROGRAM = """
import hashlib, sys
sys.path[:0] = [{folder!r}, {root!r}]
import torch, scriptkit, net
for size in range({before}):
    net.Net(size + 2)
torch.manual_seed(0)
model = net.Net(4).eval()
model(torch.zeros(1, 4)) if {before} else None
scriptkit.save(model, {name!r}, example_inputs=(torch.zeros(2, 4),), metadata={{"b": 1, "a": [2]}})
print(hashlib.sha256(open({name!r}, "rb").read()).hexdigest())
"""
NET = """
import torch
from torch import Tensor, nn
from scriptkit import ScriptableModule, export

LIMIT = 0.5

class Block(ScriptableModule):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layer, self.norm, self.drop = nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.layer(x))
        y1 = self.drop(y) * LIMIT
        return torch.relu(y1)

class Net(ScriptableModule):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(size, 8), Block(8, 8), Block(8, size)])

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x

    @export
    def first(self, x: Tensor) -> dict[str, Tensor]:
        return {"x": self.blocks[0](x)}
"""


def test_two_processes_write_the_same_bytes_of_a_scriptable_module(tmp_path: Path, root: Path) -> None:
    """Other hash seed, working folder, source folder and file name; other classes compiled and calls made before."""
    hashes = set()
    for seed, before in (("1", 0), ("42", 3)):
        folder = tmp_path / f"folder {seed}"
        folder.mkdir()
        (folder / "net.py").write_text(NET)
        program = PROGRAM.format(folder=str(folder), root=str(root), before=before, name=f"model{seed}.pt")
        environment = os.environ | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        hashes.add(done.stdout)
    assert len(hashes) == 1
