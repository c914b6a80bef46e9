"""The `.pt2` file: standard, reproducible, checked before anything of it is evaluated."""

from __future__ import annotations

import collections
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.export.pt2_archive._package import load_pt2

import scriptkit
from scriptkit.artifact.container import container_bytes
from scriptkit.artifact.exported_audit import is_guard, is_plain_tree, is_symbolic
from scriptkit.live.comparison import compare
from tests.exporting import models

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def exported() -> scriptkit.ExportedModule:
    torch.manual_seed(0)
    return scriptkit.export_program(models.Normed().eval(), (torch.randn(3, 4),))


@pytest.fixture(scope="module")
def data(exported: scriptkit.ExportedModule) -> bytes:
    return saved(exported)


def saved(exported: scriptkit.ExportedModule, **options: Any) -> bytes:
    stream = io.BytesIO()
    exported.save(stream, **options)
    return stream.getvalue()


def contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.removeprefix("archive/"): archive.read(name) for name in archive.namelist()}


@pytest.mark.filterwarnings("ignore:The given buffer is not writable")  # torch 2.9 to 2.12, of what itself has read
def test_torch_reads_the_file(exported: scriptkit.ExportedModule, data: bytes) -> None:
    x = torch.randn(5, 4)
    program = torch.export.load(io.BytesIO(data))
    assert compare(exported(x), program.module()(x)) == []
    with pytest.raises(AssertionError, match="Guard failed"):
        program.module()(torch.randn(5, 3))
    assert set(load_pt2(io.BytesIO(data)).exported_programs) == {"model", "encode.0", "reset.0"}


def test_scriptkit_loads_what_it_wrote(exported: scriptkit.ExportedModule, data: bytes) -> None:
    loaded = scriptkit.load(io.BytesIO(data))
    assert isinstance(loaded, scriptkit.LoadedModule)
    x = torch.randn(5, 4)
    assert compare(exported.encode(x), loaded.encode(x)) == []
    loaded(x)
    loaded(x)
    assert int(loaded.steps) == 2
    loaded.reset()
    assert int(loaded.steps) == 0
    assert [method.name for method in loaded.manifest.methods] == ["forward", "encode", "reset"]
    assert loaded.state_dict().keys() == exported.state_dict().keys()


def test_arguments_that_do_not_fit_are_named(data: bytes) -> None:
    loaded = scriptkit.load(io.BytesIO(data))
    with pytest.raises(scriptkit.InputError, match=r"dimension 1 of 'x' is fixed at 4, and was 5"):
        loaded(torch.randn(2, 5))
    with pytest.raises(
        scriptkit.InputError, match=r"'scale' is part of the program: it was exported with 2.0, not 3.0"
    ):
        loaded.encode(torch.randn(2, 4), scale=3.0)
    with pytest.raises(scriptkit.InputError, match=r"'x' must be float32, and was float64"):
        loaded(torch.randn(2, 4).double())
    with pytest.raises(scriptkit.InputError, match="missing"):
        loaded()


def test_each_weight_is_in_the_file_once(data: bytes) -> None:
    entries = contents(data)
    weights = [name for name in entries if name.startswith("data/weights/weight_")]
    assert len(weights) == len(models.Normed().state_dict())
    tied = contents(saved(scriptkit.export_program(models.Tied(), (torch.randn(3, 4),))))
    assert sum(name.startswith("data/weights/weight_") for name in tied) == 3


def test_the_file_says_nothing_of_the_machine_or_the_example(data: bytes) -> None:
    whole = b"".join(contents(data).values())
    assert str(ROOT).encode() not in whole
    assert b"site-packages" not in whole
    sample = torch.load(io.BytesIO(contents(data)["data/sample_inputs/model.pt"]))
    assert not sample[0][0].any()
    assert b"models.py" in whole


@pytest.mark.slow
def test_the_same_model_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    script = tmp_path / "same.py"
    script.write_text(
        "import hashlib, io, torch, scriptkit\n"
        "from tests.exporting import models\n"
        "torch.manual_seed(0)\n"
        "stream = io.BytesIO()\n"
        "net = models.Branching().eval()\n"
        "scriptkit.export_program(net, (torch.ones(3, 4),)).save(stream)\n"
        "print(hashlib.sha256(stream.getvalue()).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = {
        subprocess.run(
            [sys.executable, "-W", "ignore", str(script)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**environment, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_changed_byte_is_refused_wherever_it_is(data: bytes) -> None:
    for place in range(0, len(data), max(1, len(data) // 60)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(scriptkit.ArtifactError):
            scriptkit.load(io.BytesIO(bytes(changed)))


def test_a_truncated_file_is_refused(data: bytes) -> None:
    for length in (0, 10, len(data) // 2, len(data) - 1):
        with pytest.raises(scriptkit.ArtifactError):
            scriptkit.load(io.BytesIO(data[:length]))


def resealed(data: bytes, name: str, change: Any) -> bytes:
    """The file with an entry changed and its checksum made to fit: only the audit stands in the way now."""
    import hashlib

    entries = contents(data)
    entries[name] = change(entries[name])
    manifest = json.loads(entries["extra/scriptkit.json"])
    manifest["checksums"][name] = hashlib.sha256(entries[name]).hexdigest()
    entries["extra/scriptkit.json"] = json.dumps(manifest).encode()
    return container_bytes(entries)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"torch.ops.aten.linear.default", b"torch.os.system", "calls `torch.os.system`"),
        (b"torch.ops.aten.linear.default", b"torch.ops.aten.from_file.default", "aten::from_file"),
        (b"Symbol(", b"__import__(", "has a size"),
        (b'"major":8', b'"major":9', "version 9 of the schema"),
    ],
)
def test_what_would_run_while_it_is_loaded_is_refused(data: bytes, old: bytes, new: bytes, message: str) -> None:
    assert old in contents(data)["models/model.json"]
    changed = resealed(data, "models/model.json", lambda entry: entry.replace(old, new))
    with pytest.raises(scriptkit.ArtifactError, match=message):
        scriptkit.load(io.BytesIO(changed))


def test_a_guard_that_would_run_is_refused(data: bytes) -> None:
    guards = {"guards_code": ["__import__('os').getpid() == 4"]}
    changed = resealed(data, "models/model.json", lambda entry: json.dumps({**json.loads(entry), **guards}).encode())
    with pytest.raises(scriptkit.ArtifactError, match="has a guard"):
        scriptkit.load(io.BytesIO(changed))


def test_a_newer_manifest_is_refused(data: bytes) -> None:
    entries = contents(data)
    manifest = json.loads(entries["extra/scriptkit.json"])
    entries["extra/scriptkit.json"] = json.dumps({**manifest, "manifest_version": "2.0"}).encode()
    with pytest.raises(scriptkit.ArtifactError, match=r"manifest version 2\.0"):
        scriptkit.load(io.BytesIO(container_bytes(entries)))


def test_a_program_of_a_later_torch_that_cannot_be_loaded_says_whose_it_is(data: bytes) -> None:
    entries = contents(resealed(data, "models/model.json", lambda entry: entry.replace(b'"graph_module"', b'"graphs"')))
    manifest = json.loads(entries["extra/scriptkit.json"])
    manifest["written_by"]["torch"] = "99.1.0"
    entries["extra/scriptkit.json"] = json.dumps(manifest).encode()
    with pytest.raises(scriptkit.ArtifactError, match=r"written by torch 99\.1\.0, newer than .*: upgrade torch, or"):
        scriptkit.load(io.BytesIO(container_bytes(entries)))


def test_a_file_of_torch_itself_is_refused_in_words(exported: scriptkit.ExportedModule) -> None:
    stream = io.BytesIO()
    torch.export.save(exported.program(), stream)
    stream.seek(0)
    with pytest.raises(scriptkit.ArtifactError, match="no scriptkit manifest"):
        scriptkit.load(stream)


@pytest.mark.parametrize("text", ["L['x'].size()[0] <= 5", "2*L['x'].size()[0] % 4 == 0", "max(2, L['k']) != 1"])
def test_guards_over_sizes_are_let_in(text: str) -> None:
    assert is_guard(text)


@pytest.mark.parametrize("text", ["open('x')", "L.__class__", "L['x'].data_ptr() == 0", "(lambda: 1)() == 1", "x"])
def test_anything_else_is_no_guard(text: str) -> None:
    assert not is_guard(text)


def test_sizes_and_nestings_are_read_strictly() -> None:
    assert is_symbolic("Mul(Integer(2), Symbol('s77', positive=True, integer=True))")
    assert not is_symbolic("__import__('os')")
    assert not is_symbolic("Symbol('x').__class__")
    assert is_plain_tree('[1, {"type": "builtins.tuple", "context": "null", "children_spec": []}]')
    assert not is_plain_tree('[1, {"type": "my.Class", "context": "null", "children_spec": []}]')


def test_a_file_is_replaced_whole_or_not_at_all(exported: scriptkit.ExportedModule, tmp_path: Path) -> None:
    target = tmp_path / "m.pt2"
    exported.save(target)
    before = target.read_bytes()
    with pytest.raises(scriptkit.ArtifactError, match="the metadata is no JSON"):
        exported.save(target, metadata={"a": object()})
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.pt2"]
    with pytest.raises(scriptkit.ArtifactError, match="cannot be written"):
        exported.save(tmp_path / "missing" / "m.pt2")


def test_metadata_comes_back(exported: scriptkit.ExportedModule) -> None:
    data = saved(exported, metadata={"trained on": "nothing"})
    assert scriptkit.load(io.BytesIO(data)).manifest.metadata == {"trained on": "nothing"}


class Pair(NamedTuple):
    first: Tensor
    second: int


class Named(nn.Module):
    def forward(self, x: Tensor) -> Pair:
        return Pair(x * 2, x.shape[0])


def test_named_tuples_come_back_as_named_tuples() -> None:
    exported = scriptkit.export_program(Named(), (torch.randn(3, 4),))
    assert type(exported(torch.randn(2, 4))) is Pair
    loaded = scriptkit.load(io.BytesIO(saved(exported)))(torch.randn(2, 4))
    assert loaded._fields == ("first", "second")
    assert loaded.second == 2


def test_an_ordered_dictionary_keeps_its_order() -> None:
    class Ordered(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return collections.OrderedDict(z=x, a=x + 1)

    exported = scriptkit.export_program(Ordered(), (torch.randn(3),))
    assert list(scriptkit.load(io.BytesIO(saved(exported)))(torch.randn(2))) == ["z", "a"]


def test_a_loaded_model_trains() -> None:
    exported = scriptkit.export_program(models.Normed().train(), (torch.randn(3, 4),))
    loaded = scriptkit.load(io.BytesIO(saved(exported)))
    optimizer = torch.optim.SGD(loaded.parameters(), lr=0.1)
    before = loaded.state_dict()["fc.weight"].clone()
    loaded(torch.randn(6, 4)).sum().backward()
    optimizer.step()
    assert not torch.equal(before, loaded.state_dict()["fc.weight"])
