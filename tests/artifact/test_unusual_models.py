"""What few models have, and torch writes in ways of its own."""

import enum
import io
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.cpp.project import new_cpp_project
from scriptkit.errors import ArtifactError
from tests.artifact.attacks import contents_of, seal


def reloaded(module: nn.Module, *, trust: bool = False) -> LoadedModule:
    """The loaded model of the compiled module."""
    stream = io.BytesIO()
    save(torch.jit.script(module) if not isinstance(module, torch.jit.ScriptModule) else module, stream)
    return load(io.BytesIO(stream.getvalue()), trust=trust)


def double(x: Tensor) -> Tensor:
    return x * 2


class Forking(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        future = torch.jit.fork(double, x)
        result: Tensor = torch.jit.wait(future)
        return result.relu()


def test_a_model_that_forks() -> None:
    """Torch's own list of operators refuses `fork`."""
    loaded = reloaded(Forking())
    assert loaded(torch.ones(2)).tolist() == [2.0, 2.0]
    assert {"aten::relu", "aten::mul.Scalar"} <= set(loaded.manifest.operators)


def test_a_frozen_model() -> None:
    module = torch.jit.freeze(torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.ReLU()).eval()))
    x = torch.randn(3, 2)
    assert torch.equal(reloaded(module)(x), module(x))


class Hooked(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


def add_one(self: Hooked, inputs: tuple[Tensor]) -> Tensor:
    return inputs[0] + 1


def test_compiled_hooks_run(tmp_path: Path) -> None:
    module = Hooked()
    module.register_forward_pre_hook(add_one)
    scripted = torch.jit.script(module)
    assert reloaded(scripted)(torch.ones(1)).tolist() == scripted(torch.ones(1)).tolist() == [4.0]
    save(scripted, tmp_path / "model.pt")
    with pytest.raises(ArtifactError, match="compiled forward hooks"):
        new_cpp_project(tmp_path / "model.pt", tmp_path / "project")


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.skipif("qnnpack" not in torch.backends.quantized.supported_engines, reason="needs quantised kernels")
def test_a_quantised_model_needs_trust() -> None:
    """Its packed weights are made while the file is loaded."""
    quantised = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)), {nn.Linear}, dtype=torch.qint8)
    module = torch.jit.script(quantised.eval())
    with pytest.raises(ArtifactError, match=r"asks for .*LinearPackedParamsBase` while it is loaded"):
        reloaded(module)
    x = torch.randn(1, 4)
    assert torch.equal(reloaded(module, trust=True)(x), module(x))


class Quantised(ScriptableModule):
    """Weights kept in eight bits; packed ones need trust, tensors do not."""

    def __init__(self) -> None:
        super().__init__()
        weight = torch.linspace(-1, 1, 8).view(2, 4)
        self.register_buffer("by_tensor", torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8))
        zeros = torch.zeros(2, dtype=torch.long)
        self.register_buffer("by_channel", torch.quantize_per_channel(weight, torch.ones(2), zeros, 0, torch.qint8))

    def forward(self, x: Tensor) -> Tensor:
        return x @ (self.by_tensor.dequantize() + self.by_channel.dequantize()).t()


def test_quantised_buffers_are_tried_saved_and_loaded() -> None:
    net, x, stream = Quantised(), torch.ones(1, 4), io.BytesIO()
    save(net, stream)
    assert torch.equal(load(io.BytesIO(stream.getvalue()))(x), net(x))


class Buffers(nn.Module):
    """Buffers of many kinds; two of them look into one storage."""

    first: Tensor
    second: Tensor

    def __init__(self) -> None:
        super().__init__()
        base = torch.arange(10.0)
        self.register_buffer("first", base[2:5])
        self.register_buffer("second", base[4:])
        self.register_buffer("short", torch.ones(2, dtype=torch.bfloat16))
        self.register_buffer("complex", torch.tensor(1 + 2j))
        self.register_buffer("empty", torch.zeros(0, 3))
        self.register_buffer("flag", torch.tensor(True))
        self.register_buffer("nothing", None)
        self.transposed = torch.ones(2, 3).t()

    def forward(self, x: Tensor) -> Tensor:
        self.first += 1
        return self.first + self.second[:3] + x + self.transposed.sum()


def test_buffers_of_many_kinds() -> None:
    loaded = reloaded(Buffers())
    assert torch.equal(loaded(torch.ones(3)), Buffers()(torch.ones(3)))
    tensors = loaded.manifest.tensors
    assert tensors["first"].entry == tensors["second"].entry
    assert {name: tensor.dtype for name, tensor in tensors.items() if "transposed" not in name} == {
        "first": "float32",
        "second": "float32",
        "short": "bfloat16",
        "complex": "complex64",
        "empty": "float32",
        "flag": "bool",
    }


class Text(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.text = "ünï\n\"'\\ \u2028 __torch__.x"

    def forward(self) -> str:
        return self.text + "çäλ'\"\\n"


def test_text_of_any_kind() -> None:
    assert reloaded(Text())() == Text()()


class Sparse(nn.Module):
    """A graph, and lists of graphs."""

    edges: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("edges", torch.eye(3).to_sparse())
        self.more = [torch.eye(3).to_sparse() * 2]

    def forward(self, x: Tensor) -> Tensor:
        return torch.mm(self.edges, x) + torch.mm(self.more[0], x)


def test_sparse_buffers() -> None:
    x = torch.rand(3, 2)
    assert torch.equal(reloaded(Sparse())(x), Sparse()(x))


def test_a_sparse_tensor_with_elements_beyond_its_size_is_refused() -> None:
    """Torch makes it without a look, and reads foreign memory when it computes with it."""
    contents = contents_of(torch.jit.script(Sparse()))
    [name] = [name for name in contents if contents[name] == torch.eye(3).to_sparse().indices().numpy().tobytes()][:1]
    contents[name] = (torch.eye(3).to_sparse().indices() + 1_000_000).numpy().tobytes()
    with pytest.raises(ArtifactError, match="a sparse tensor of the file has elements beyond its size"):
        load(io.BytesIO(seal(contents)))


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Point(NamedTuple):
    x: int
    y: Tensor


@torch.jit.interface
class Layer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[empty-body]
        pass


class Twice(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


class Kinds(nn.Module):
    """Attributes of every kind of type that code of a file declares."""

    point: Point
    either: int | str
    table: dict[int, tuple[int, str]]
    wave: complex
    color: Color
    layer: Layer
    many: list[Tensor | None]

    def __init__(self) -> None:
        super().__init__()
        self.point, self.either, self.table = Point(3, torch.ones(2)), "text", {1: (2, "b")}
        self.wave, self.color, self.many = 1 + 2j, Color.BLUE, [None, torch.ones(1)]
        self.layer = Twice()  # type: ignore[assignment]
        self.place = torch.device("cpu")

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer.forward(x) * self.point.x + self.point.y
        if self.color == Color.BLUE:
            y = y + self.table[1][0] + abs(self.wave)
        either = self.either
        if isinstance(either, str):
            y = y + len(either)
        last = self.many[1]
        return (y if last is None else y + last).to(self.place)


@pytest.fixture(scope="module")
def kinds() -> dict[str, bytes]:
    return contents_of(torch.jit.script(Kinds()))


def test_attributes_of_every_kind(kinds: dict[str, bytes]) -> None:
    assert torch.equal(load(io.BytesIO(seal(kinds)))(torch.ones(2)), Kinds()(torch.ones(2)))


PROMISED = {
    "either : Union[int, str]": ("either : Union[int, float]", "either"),
    "  x : int": ("  x : str", "point"),
    "(self, x: Tensor) -> Tensor:\n    pass": (
        "2(self, x: Tensor) -> Tensor:\n    pass",
        "layer",
    ),
    "wave : complex": ("wave : __torch__.tests.artifact.test_unusual_models.Twice", "wave"),
    "  BLUE = 2": ("  BLUE = 3", ""),
    "table : Dict[int, Tuple[int, str]]": ("table : Dict[int, Tuple[str, str]]", "table"),
    "many : List[Optional[Tensor]]": ("many : List[Tensor]", "many"),
}


@pytest.mark.parametrize("declared", PROMISED)
def test_a_value_that_is_not_of_the_type_its_class_declares_is_refused(kinds: dict[str, bytes], declared: str) -> None:
    [entry] = [name for name in kinds if name.endswith("test_unusual_models.py")]
    other, attribute = PROMISED[declared]
    assert declared.encode() in kinds[entry]
    changed = kinds | {entry: kinds[entry].replace(declared.encode(), other.encode())}
    with pytest.raises(ArtifactError) as caught:
        load(io.BytesIO(seal(changed)))
    assert (f"the attribute `{attribute}`" if attribute else "asks for") in str(caught.value)
