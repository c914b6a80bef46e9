"""Names that scriptkit uses itself may be anybody's: submodules, attributes and methods of these names work."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export
from tests.rules.loading import load_file

if TYPE_CHECKING:
    from pathlib import Path

X = torch.rand(2, 3)


class OwnInner(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) + 1


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) + 1


class Number(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.inner = 2

    def forward(self, x: Tensor) -> Tensor:
        return x * self.inner


class Method(ScriptableModule):
    def inner(self, x: Tensor) -> Tensor:
        return x * 3

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


class Rope(nn.Module):
    """A table that is in no state."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.ones(3), persistent=False)
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.table

    def get_extra_state(self) -> Any:
        return 7

    def set_extra_state(self, state: Any) -> None:
        assert state == 7


@pytest.mark.parametrize("cls", [OwnInner, Number, Method])
def test_a_member_named_inner(cls: type[ScriptableModule]) -> None:
    net, file = cls(), io.BytesIO()
    net.save(file, example_inputs=(X,))
    file.seek(0)
    assert torch.equal(scriptkit.load(file)(X), net.eager(X))


def test_a_submodule_named_inner_of_a_compiled_module() -> None:
    module, file = Inner(), io.BytesIO()
    net = scriptkit.compile(module, (X,))
    assert net.inner is module.inner
    scriptkit.save(net, file, example_inputs=(X,))
    file.seek(0)
    assert torch.equal(scriptkit.load(file)(X), module(X))
    assert scriptkit.load(io.BytesIO(file.getvalue())).manifest.class_name.endswith("Inner")


OWN_NAMES = (
    "inner code graph save define original_name manifest module eager _calls _forward _inner input_0 result".split()
)
"""What scriptkit and torch's programs put on modules, and what is in generated code."""

CLASSES = """
import torch
from torch import Tensor, nn


class Part(BASE):
    def __init__(self) -> None:
        super().__init__()
        self.NAME = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.NAME(x)
        return out + 1


class Number(BASE):
    def __init__(self) -> None:
        super().__init__()
        self.NAME = 2.5
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out * self.NAME


class Method(BASE):
    @EXPORT
    def NAME(self, x: Tensor) -> Tensor:
        return x * 3

    def forward(self, x: Tensor) -> Tensor:
        return self.NAME(x) + 1


class Argument(BASE):
    def forward(self, NAME: Tensor) -> Tensor:
        return NAME * 2
"""


def named(name: str, folder: Path, base: str, export: str) -> dict[str, Any]:
    path = folder / f"{base.replace('.', '_')}_{name}.py"
    head = "from scriptkit import ScriptableModule, export\n"
    path.write_text(head + CLASSES.replace("NAME", name).replace("BASE", base).replace("EXPORT", export))
    return vars(load_file(path))


@pytest.mark.filterwarnings("ignore:exported method")
@pytest.mark.parametrize("name", [*OWN_NAMES, "double", "to"])
def test_any_name_may_be_a_part_a_number_a_method_or_an_argument(name: str, tmp_path: Path) -> None:
    own = named(name, tmp_path, "ScriptableModule", "export")
    plain = named(name, tmp_path, "nn.Module", "torch.jit.export")
    for kind in ("Part", "Number", "Method", "Argument"):
        if kind in {"Part", "Number"} and hasattr(nn.Module, name):
            continue
        module = plain[kind]()
        for net in (own[kind](), scriptkit.compile(plain[kind](), (X,)), lowered(plain[kind]())):
            net.load_state_dict(module.state_dict())
            assert torch.equal(net(X), module(X)), kind
            loaded = again(net)
            assert torch.equal(loaded(X), module(X)), kind
            if kind == "Method" and scriptkit.report(net).rows[0].mode == "script":
                assert torch.equal(getattr(net, name)(X), X * 3)
                assert torch.equal(getattr(loaded, name)(X), X * 3)
            assert list(net.state_dict()) == list(module.state_dict())
            assert not scriptkit.report(net).eager_calls


def lowered(module: nn.Module) -> Any:
    return scriptkit.compile(module, (X,), modes={"": "lowered"})


def again(net: nn.Module) -> Any:
    file = io.BytesIO()
    scriptkit.save(net, file, example_inputs=(X,))
    file.seek(0)
    return scriptkit.load(file)


def test_verify_calls_the_exported_method_and_not_what_torch_calls_so(tmp_path: Path) -> None:
    net = named("save", tmp_path, "ScriptableModule", "export")["Method"]()
    report = scriptkit.verify(net, (X,), modes=["eval"], sizes=[])
    assert report.passed
    assert {one.method for one in report.comparisons} == {"forward", "save"}


@pytest.mark.parametrize("mode", ["script", "lowered", "trace"])
def test_the_state_of_a_compiled_module_is_that_of_the_module(mode: str) -> None:
    plain = Rope()
    net = scriptkit.compile(Rope(), (X,), modes={"": mode})
    assert list(net.state_dict()) == list(plain.state_dict())
    net.load_state_dict(plain.state_dict())
    assert torch.equal(net(X), plain(X))
    around, other = nn.Sequential(net), nn.Sequential(Rope())
    around.load_state_dict(other.state_dict())
    assert torch.equal(around(X), other(X))


class WritersNames(ScriptableModule):
    """What the writer of a file says beside the names of a module: methods and attributes called so stay apart."""

    def __init__(self) -> None:
        super().__init__()
        self.torch, self.int, self.isinstance = 3, 2, 1.5
        self.annotate = nn.Linear(3, 3)

    def forward(self, x: Tensor, i: int | None = None) -> Tensor:
        rows: list[int] = []
        if isinstance(i, int):
            rows.append(i)
        y = self.annotate(x) + self.torch + int(x.sum()) * self.int + self.isinstance
        return self.ops(y) + len(rows)

    @export
    def ops(self, x: Tensor) -> Tensor:
        return torch.mul(x, 2)

    @export
    def uninitialized(self, x: Tensor) -> Tensor:
        return self.ops(x) - 1


def _read_back(net: nn.Module) -> Any:
    file = io.BytesIO()
    scriptkit.save(net, file)
    file.seek(0)
    return scriptkit.load(file)


def test_a_file_keeps_methods_and_attributes_of_the_names_its_writer_uses() -> None:
    net = WritersNames()
    loaded = _read_back(net)
    torch.testing.assert_close(loaded(X, 4), net(X, 4))
    torch.testing.assert_close(loaded.uninitialized(X), net.uninitialized(X))
    plain = torch.jit.script(nn.Sequential(scriptkit.to_torchscript(net)))
    torch.testing.assert_close(_read_back(plain)(X), net(X))


class NamedTorch(ScriptableModule):
    def forward(self, x: Tensor, torch: int) -> Tensor:
        return x * torch


def test_a_parameter_that_the_writer_would_take_for_its_own_is_told_by_its_name() -> None:
    net = NamedTorch()
    assert net(X, 2).equal(X * 2)
    with pytest.raises(scriptkit.ArtifactError, match="`forward` has a parameter called `torch`, a name"):
        scriptkit.save(net, io.BytesIO())
