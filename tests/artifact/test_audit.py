"""The audit refuses files whose code does more than compute; each attack is first shown to work on torch itself."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from scriptkit.artifact.container import Container, container_bytes
from scriptkit.artifact.manifest import MANIFEST_ENTRY
from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.engines.torchscript.programs import files
from scriptkit.errors import ArtifactError


class Victim(nn.Module):
    """What the attacks are put into."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor, scale: float = 2.0) -> Tensor:
        result: Tensor = self.layer(x) * scale
        return result


CODE = "code/__torch__/tests/artifact/test_audit.py"
LINEAR = "code/__torch__/torch/nn/modules/linear.py"


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file an attack leaves behind; its name is short and relative, as the attack is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "owned"


def forged(change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A file with changed entries and a manifest that fits them."""
    stream = io.BytesIO()
    save(torch.jit.script(Victim()), stream)
    container = Container(stream)
    contents = {name: container.read(name) for name in container.entries}
    change(contents)
    manifest = json.loads(contents.pop(MANIFEST_ENTRY))
    manifest["checksums"] = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    return container_bytes(contents | {MANIFEST_ENTRY: json.dumps(manifest).encode()})


def add_method(entry: str, text: str) -> Callable[[dict[str, bytes]], None]:
    def change(contents: dict[str, bytes]) -> None:
        contents[entry] += text.encode()

    return change


def replace(entry: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(contents: dict[str, bytes]) -> None:
        assert old.encode() in contents[entry]
        contents[entry] = contents[entry].replace(old.encode(), new.encode())

    return change


SETSTATE = """
  def __setstate__(self: __torch__.torch.nn.modules.linear.Linear,
    state: Any) -> NoneType:
{body}
    self.weight = torch.zeros([2, 2])
    self.bias = torch.zeros([2])
    self.training = True
    self._is_full_backward_hook = None
    return None
  def __getstate__(self: __torch__.torch.nn.modules.linear.Linear) -> Dict[str, Tensor]:
    return {{"weight": self.weight}}
"""


def with_state(body: str) -> Callable[[dict[str, bytes]], None]:
    """A layer that is pickled by `__getstate__`, so that `__setstate__` runs when it is loaded."""

    def change(contents: dict[str, bytes]) -> None:
        contents[LINEAR] = contents[LINEAR].rstrip(b"\n") + SETSTATE.format(body=body).encode()

    return change


def hide_by_encoding(contents: dict[str, bytes]) -> None:
    """Python would read this entry as UTF-7, torch does not: a comment to one is code to the other."""
    with_state('    torch.save([1], "owned")')(contents)
    contents[LINEAR] = b"# -*- coding: utf-7 -*-\n" + contents[LINEAR]


def ask_for_system(contents: dict[str, bytes]) -> None:
    contents["data.pkl"] = contents["data.pkl"].replace(b"ccollections\nOrderedDict\n", b"cposix\nsystem\n")


OPENED = 'torch.numel(torch.from_file("owned", True, 10))'
DEFAULT = ("scale: float=2.", f"scale: float=float({OPENED})")
CONSTANT = ("in_features : Final[int] = 2", f"in_features : Final[int] = {OPENED}")
HELPER = """def helper(x: List[int]) -> NoneType:
  torch.save(x, "owned")
  return None
"""


def through_a_function(contents: dict[str, bytes]) -> None:
    with_state("    _0 = __torch__.helper([1], )")(contents)
    contents["code/__torch__.py"] = HELPER.encode()


AT_LOAD = {
    "setstate saves": (with_state('    torch.save([1], "owned")'), "`Linear.__setstate__` runs while"),
    "setstate calls a function": (through_a_function, "`Linear.__setstate__` runs while"),
    "setstate opens a file": (
        with_state(f"    self.training = torch.gt({OPENED}, 0)"),
        "`Linear.__setstate__` runs while",
    ),
    "default opens a file": (replace(CODE, *DEFAULT), "default value of `forward` is computed while"),
    "constant opens a file": (replace(LINEAR, *CONSTANT), "`Linear` computes a value while"),
    "hidden by an encoding": (hide_by_encoding, "`Linear.__setstate__` runs while"),
}


@pytest.mark.parametrize("attempt", AT_LOAD)
def test_code_that_runs_at_load_is_refused(attempt: str, marker: Path) -> None:
    change, message = AT_LOAD[attempt]
    data = forged(change)
    files.load_bytes(data, None)
    assert marker.exists(), "torch does not run this: the attempt shows nothing"
    marker.unlink()
    with pytest.raises(ArtifactError) as caught:
        load(io.BytesIO(data))
    assert message in str(caught.value)
    assert not marker.exists()


def test_trust_loads_it_nevertheless(marker: Path) -> None:
    load(io.BytesIO(forged(AT_LOAD["setstate saves"][0])), trust=True)
    assert marker.exists()


def test_an_endless_loop_at_load_is_refused() -> None:
    loop = "    while True:\n      pass"
    with pytest.raises(ArtifactError, match=r"`Linear.__setstate__` runs while"):
        load(io.BytesIO(forged(with_state(loop))))


def test_a_pickle_that_asks_for_python_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"`data\.pkl` asks for `posix\.system`"):
        load(io.BytesIO(forged(ask_for_system)))


def test_an_object_of_a_custom_class_is_refused() -> None:
    """Loading one runs the C++ code the class was registered with."""
    change = lambda contents: contents.update(
        {"data.pkl": contents["data.pkl"].replace(b"ctorch\nFloatStorage", b"c__torch__.torch.classes.my\nThing")}
    )
    with pytest.raises(ArtifactError, match=r"asks for `__torch__\.torch\.classes\.my\.Thing`"):
        load(io.BytesIO(forged(change)))


WHEN_CALLED = {
    "function": (
        "    layer = self.layer\n",
        '    layer = self.layer\n    torch.save([1], "owned")\n',
        "calls `torch.save`",
    ),
    "operator": (
        "    layer = self.layer\n",
        '    layer = self.layer\n    ops.aten.save([1], "owned")\n',
        "calls `ops.aten.save`",
    ),
    "reading": (
        "(layer).forward(x, )",
        '(layer).forward(torch.view(torch.from_file("owned", True, 2), [1, 2]), )',
        "`torch.from_file`",
    ),
}


@pytest.mark.parametrize("attempt", WHEN_CALLED)
def test_file_access_of_a_method_is_refused(attempt: str, marker: Path) -> None:
    old, new, message = WHEN_CALLED[attempt]
    data = forged(replace(CODE, old, new))
    files.load_bytes(data, None)(torch.zeros(1, 2))
    assert marker.exists(), "torch does not run this: the attempt shows nothing"
    marker.unlink()
    with pytest.raises(ArtifactError) as caught:
        load(io.BytesIO(data))
    assert message in str(caught.value)
    load(io.BytesIO(data), trust=True)


def test_a_method_of_the_users_own_named_save_is_no_file_access() -> None:
    class Saving(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return self.save(x)

        @torch.jit.export
        def save(self, x: Tensor) -> Tensor:
            return x + 1

    stream = io.BytesIO()
    save(torch.jit.script(Saving()), stream)
    assert torch.equal(load(io.BytesIO(stream.getvalue())).save(torch.zeros(1)), torch.ones(1))


def test_code_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"the archived code `.*` cannot be read"):
        load(io.BytesIO(forged(add_method(CODE, "\n  ^nonsense(\n"))))


def test_a_file_of_torch_is_audited_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    class Saving(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.x = 1

        def forward(self) -> int:
            return self.x

        @torch.jit.export
        def __getstate__(self) -> int:
            return self.x

        @torch.jit.export
        def __setstate__(self, state: int) -> None:
            self.x = state
            torch.save([state], "owned")

    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(Saving()), stream)
    with pytest.raises(ArtifactError, match=r"`Saving.__setstate__` runs while"):
        load(io.BytesIO(stream.getvalue()), strict=False)
    assert not list(tmp_path.iterdir())
