"""`inspect` shows the tree, the code beside its source, and the graph of modules and files; nothing of a file runs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import ScriptkitError
from tests.inspecting.models import Foreign, Layer, Net


@pytest.fixture(scope="module")
def seen() -> scriptkit.Inspection:
    return scriptkit.inspect(Net().eval(), (torch.rand(3, 4),))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "net.pt"
    scriptkit.save(Net().eval(), path)
    return path


def test_the_tree_tells_mode_size_operators_and_time(seen: scriptkit.Inspection) -> None:
    assert [row.path for row in seen.rows][:4] == ["", "layers", "layers.0", "layers.0.fc"]
    root = seen[""]
    assert (root.class_name, root.mode, root.parameters, root.bytes) == ("Net", "script", 40, 176)
    assert root.share == 1.0
    assert (root.inputs, root.outputs) == (("float32[3, 4]",), ("float32[3, 8]",))
    assert "torch.cat" in root.operators
    assert seen["layers"].share is None
    assert seen["layers.0"].share is not None
    assert "1: Layer" in str(seen)
    assert "100%" in str(seen)
    assert seen.methods == ("forward", "head")
    assert "aten::tanh" in seen.operators
    assert "<table>" in seen._repr_html_()
    assert json.loads(seen.as_json())["methods"] == ["forward", "head"]
    with pytest.raises(KeyError):
        _ = seen["nothing"]


def test_code_has_the_names_of_the_source(seen: scriptkit.Inspection) -> None:
    text = seen.code()
    assert text.splitlines()[0] == "def forward(self, x: Tensor, times: int=2) -> Tensor:"
    assert "x0 = self.layers[0](x)" in text
    assert "self.head(" in text
    assert "__torch__" not in text
    assert "mangle" not in text
    assert "else:" in text
    assert "torch.tanh(self.fc(x))" in seen.code("layers.0")
    assert "torch.mul(x, 2)" in seen.code("layers.1")
    assert seen.code(method="head").startswith("def head(self, x: Tensor)")


def test_inlined_code_is_one_flat_program(seen: scriptkit.Inspection) -> None:
    text = seen.code(inlined=True)
    assert "self.layers[0].fc.weight" in text
    assert "self.head(" not in text
    assert text.startswith("def forward(self, x: Tensor, times: int) -> Tensor:")
    assert seen.code("layers.0", "forward", True).count("\n") < text.count("\n")


def test_graphs_are_those_of_torch_without_mangled_names(seen: scriptkit.Inspection) -> None:
    assert "prim::CallMethod" in seen.graph()
    assert "prim::CallMethod" not in seen.graph(inlined=True)
    assert "___torch_mangle" not in seen.graph(inlined=True)


def test_each_line_of_source_stands_beside_what_it_became() -> None:
    sides = scriptkit.inspect(Net().eval()).beside("layers.1")
    became = {row.source.strip(): (row.program, row.note) for row in sides.rows}
    assert became["y = x"] == ((), "folded away")
    assert became["if self.doubles:"] == ((), "decided while compiling")
    assert became["y = y * 2"][0] == ("y = torch.mul(x, 2)",)
    assert became['"""(rows, 4) -> (rows, 4)."""'] == ((), "")
    assert "torch.tanh" in "".join(became["return torch.tanh(self.fc(y))"][0])
    first = next(row for row in sides.rows if row.source.strip() == "y = x")
    assert first.line == Layer.forward.__code__.co_firstlineno + 2
    assert "folded away" in str(sides)
    assert json.loads(sides.as_json())["rows"]
    unrolled = scriptkit.inspect(Net().eval()).beside()
    assert {row.source.strip(): row.note for row in unrolled.rows}["for layer in self.layers:"] == "unrolled"


def test_a_lowered_module_tells_the_facts_it_rests_on() -> None:
    seen = scriptkit.inspect(scriptkit.compile(Foreign(), (torch.rand(2, 4),)))
    assert seen[""].mode == "lowered"
    sides = seen.beside(method="lowered_forward")
    assert any("power" in fact for fact in sides.assumptions)
    assert "rests on" in str(sides)
    assert any(row.note == "lowered" for row in sides.rows)


def test_a_file_shows_what_its_module_shows(file: Path, seen: scriptkit.Inspection) -> None:
    for given in (file, str(file), io.BytesIO(file.read_bytes()), scriptkit.load(file)):
        shown = scriptkit.inspect(given)
        assert shown.code() == seen.code()
        assert shown.code(inlined=True) == seen.code(inlined=True)
        assert [(r.path, r.parameters, r.bytes) for r in shown.rows] == [
            (r.path, r.parameters, r.bytes) for r in seen.rows
        ]
        assert shown.operators == seen.operators
        assert shown[""].mode == "script"
        assert shown[""].share is None
    beside = {row.source.strip(): row.note for row in scriptkit.inspect(file).beside("layers.1").rows}
    assert beside["if self.doubles:"] == "decided while compiling"


def test_a_file_of_torchs_own_is_shown_too(tmp_path: Path) -> None:
    program = scriptkit.to_torchscript(Net().eval())
    torch.jit.save(program, tmp_path / "net.pt")
    shown = scriptkit.inspect(tmp_path / "net.pt")
    assert shown[""].class_name == "Net"
    assert "self.layers[0](x)" in shown.code()
    assert "self.layers[0].fc.weight" in shown.code(inlined=True)
    assert shown[""].parameters == 40
    assert "aten::tanh" in shown.operators
    assert scriptkit.inspect(program).code() == shown.code()


def test_no_weight_of_a_file_is_read(tmp_path: Path) -> None:
    """A file whose weights are damaged has a structure all the same, which `load` would refuse."""
    scriptkit.save(nn_linear(300), tmp_path / "net.pt")
    data = bytearray((tmp_path / "net.pt").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "net.pt").write_bytes(data)
    with pytest.raises(scriptkit.ArtifactError):
        scriptkit.load(tmp_path / "net.pt")
    shown = scriptkit.inspect(tmp_path / "net.pt")
    assert shown[""].parameters == 300 * 300 + 300
    assert "linear" in shown.code(inlined=True)


def nn_linear(width: int) -> nn.Module:
    return scriptkit.compile(nn.Linear(width, width).eval(), (torch.rand(1, width),))


def test_a_frozen_file_has_its_weights_in_the_whole(tmp_path: Path) -> None:
    program = torch.jit.freeze(scriptkit.to_torchscript(nn_linear(8)))
    torch.jit.save(program, tmp_path / "net.pt")
    assert scriptkit.inspect(tmp_path / "net.pt")[""].bytes >= 8 * 8 * 4


def test_exported_modules_and_their_files_show_one_flat_program(tmp_path: Path) -> None:
    x = torch.rand(3, 4)
    exported = scriptkit.export_program(Layer().eval(), (x,))
    exported.save(tmp_path / "layer.pt2")
    for given in (exported, tmp_path / "layer.pt2"):
        shown = scriptkit.inspect(given)
        assert shown.class_name == "Layer"
        assert shown[""].parameters == 20
        assert any("tanh" in one for one in shown.operators)
        assert shown.code().startswith("def forward(self")
        assert "placeholder" in shown.graph()
        assert shown.beside().rows
        shown.to_html(tmp_path / "layer.html")
        with pytest.raises(ScriptkitError, match="the whole is one part"):
            shown.code("fc.nothing")
    sides = scriptkit.inspect(exported).beside()
    assert any("torch.tanh(self.fc(y))" in row.source and row.program for row in sides.rows)


def test_what_is_not_there_is_told_with_what_is(seen: scriptkit.Inspection) -> None:
    with pytest.raises(ScriptkitError, match="there is no submodule `layer`: there are `layers`"):
        seen.code("layer")
    with pytest.raises(ScriptkitError, match="Layer has no method `head` in the program: it has `forward`"):
        seen.graph("layers.0", "head")


def test_a_part_without_code_of_its_own_says_why() -> None:
    seen = scriptkit.inspect(scriptkit.compile(Foreign(), (torch.rand(2, 4),)))
    missing = [row.path for row in seen.rows if row.path not in seen._seen.paths]
    for path in missing:
        with pytest.raises(ScriptkitError, match="no code of its own"):
            seen.code(path)


def test_what_cannot_be_inspected_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ScriptkitError, match="has no program yet"):
        scriptkit.inspect(scriptkit.compile(Foreign()))
    with pytest.raises(TypeError, match="not a int"):
        scriptkit.inspect(3)  # type: ignore[arg-type]
    (tmp_path / "no.pt").write_bytes(b"hello")
    with pytest.raises(scriptkit.ArtifactError, match="no TorchScript file"):
        scriptkit.inspect(tmp_path / "no.pt")
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(scriptkit.ArtifactError, match="no TorchScript file"):
        scriptkit.inspect(tmp_path / "weights.pt")
    with pytest.raises(scriptkit.ArtifactError, match="cannot be read"):
        scriptkit.inspect(tmp_path / "missing.pt")


def test_a_module_is_left_as_it_was() -> None:
    class Counting(scriptkit.ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return x

    counting = Counting()
    scriptkit.inspect(counting, (torch.rand(1),))
    assert counting.calls == 0
    assert not counting._forward_hooks


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/io").is_file(), reason="the system does not tell what a process read")
def test_the_weights_of_a_file_are_not_read(tmp_path: Path) -> None:
    class Wide(scriptkit.ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2048, 2048, bias=False) for _ in range(4)])

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = layer(x)
            return x

    scriptkit.save(Wide(), tmp_path / "wide.pt")
    before = _bytes_read()
    assert scriptkit.inspect(tmp_path / "wide.pt")[""].bytes == 4 * 2048 * 2048 * 4
    assert _bytes_read() - before < 4 << 20


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text(encoding="utf-8").split()[1])
