"""Classes written in unusual ways: special methods, static methods, old and foreign marks, types per instance."""

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class Odd(ScriptableModule):
    """False, never equal, with members made up on the spot."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def __len__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not to be compared")

    __hash__ = nn.Module.__hash__

    def __getattr__(self, name: str) -> object:  # type: ignore[override]
        return name.upper() if name.startswith("made_") else super().__getattr__(name)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out


class HoldsOdd(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.odd = Odd()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.odd(x)
        return out


@pytest.mark.parametrize("cls", [Odd, HoldsOdd])
def test_a_module_with_special_methods(cls: type[nn.Module]) -> None:
    net, plain = twins(cls)
    for _ in range(2):
        assert_same(run_compiled(net, batch()), plain(batch()))
    odd = net if cls is Odd else net.odd
    assert odd.made_up == "MADE_UP"
    odd.fc = nn.Identity()
    assert_same(run_compiled(net, batch()), batch())


class Validated(ScriptableModule):
    """Checks what is assigned, and keeps its own form of a pickle."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = 1.0
        self.kept = "x"

    def __setattr__(self, name: str, value: object) -> None:
        if name == "gain" and isinstance(value, float) and value < 0:
            raise ValueError("negative gain")
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "kept": "pickled"}

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gain


def test_a_module_with_its_own_setattr_and_getstate() -> None:
    import copy
    import pickle

    net, _ = twins(Validated)
    run_compiled(net, batch())
    with pytest.raises(ValueError, match="negative"):
        net.gain = -1.0
    net.gain = 3.0
    assert_same(run_compiled(net, batch()), batch() * 3)
    for again in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        again.gain = 4.0
        assert_same(run_compiled(again, batch()), batch() * 4)
        assert_same(run_compiled(net, batch()), batch() * 3)
        assert again.kept == "pickled"


class Static(ScriptableModule):
    @staticmethod
    def double(x: Tensor) -> Tensor:  # type: ignore[override]
        return x * 2

    def forward(self, x: Tensor) -> Tensor:
        return self.double(x)


def test_a_static_method() -> None:
    net, plain = twins(Static)
    assert_same(run_compiled(net, batch()), plain(batch()))


class Foreign(ScriptableModule):
    """Marks and constants in the words of torch.jit."""

    __constants__ = ("rounds",)
    limit: torch.jit.Final[int]  # type: ignore[name-defined]

    def __init__(self) -> None:
        super().__init__()
        self.rounds = 2
        self.limit = 3
        self.seen: list[str] = []

    @torch.jit.ignore  # type: ignore[untyped-decorator]
    def log(self, x: Tensor) -> None:
        self.seen.append(f"{tuple(x.shape)}")

    @torch.jit.unused
    def never(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def exported(self, x: Tensor) -> Tensor:
        return x * self.limit  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        self.log(x)  # scriptkit: allow[python-call]
        for _ in range(self.rounds):
            x = x + 1
        return self.exported(x)


@pytest.mark.filterwarnings("ignore::scriptkit.errors.ScriptkitWarning")
def test_marks_of_torch_jit_are_understood() -> None:
    net, plain = twins(Foreign)
    assert_same(net(batch()), plain(batch()))
    assert_same(net.exported(batch()), plain.exported(batch()))
    assert net.seen == ["(8, 4)"]
    net.rounds = plain.rounds = 5
    assert_same(net(batch()), plain(batch()))


class PerInstance(ScriptableModule):
    """The types of its attributes are a matter of the instance."""

    def __init__(self, gain: float | Tensor, layer: nn.Module) -> None:
        super().__init__()
        self.gain = gain
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x) * self.gain
        return out


def test_instances_of_one_class_with_attributes_of_different_types() -> None:
    pairs = [
        twins(PerInstance, gain, layer)  # type: ignore[arg-type]
        for gain, layer in [(2, nn.ReLU()), (2.5, nn.ReLU()), (torch.ones(4), nn.Tanh()), (3, nn.Linear(4, 4))]
    ]
    for _ in range(2):
        for net, plain in pairs:
            assert_same(run_compiled(net, batch()), plain(batch()))


class Extra(ScriptableModule):
    """Keeps something beside tensors in its state."""

    def __init__(self) -> None:
        super().__init__()
        self.note = "a"
        self.register_state_dict_pre_hook(lambda *_: None)  # type: ignore[no-untyped-call]

    def get_extra_state(self) -> object:
        return {"note": self.note}

    def set_extra_state(self, state: dict[str, str]) -> None:
        self.note = state["note"]

    def forward(self, x: Tensor) -> Tensor:
        return x * len(self.note)


def test_extra_state() -> None:
    net, plain = twins(Extra)
    run_compiled(net, batch())
    for model in (net, plain):
        model.load_state_dict({"_extra_state": {"note": "abc"}})
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


class Buffered(ScriptableModule):
    """Buffers of every sort."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = nn.Buffer(torch.ones(4))
        self.passing = nn.Buffer(torch.ones(4), persistent=False)
        self.register_buffer("maybe", None)

    def forward(self, x: Tensor) -> Tensor:
        maybe = self.maybe
        if maybe is not None:
            x = x + maybe
        return x * self.kept + self.passing


def test_buffers_of_every_sort() -> None:
    net, plain = twins(Buffered)
    for value in (None, torch.ones(4), None, torch.full((4,), 2.0)):
        net.maybe = plain.maybe = value
        assert_same(run_compiled(net, batch()), plain(batch()))
        assert_same_state(net, plain)


def test_two_classes_of_one_name_in_one_tree() -> None:
    def make(change: float) -> nn.Module:
        if change > 1:

            class Same(ScriptableModule):
                def forward(self, x: Tensor) -> Tensor:
                    return x * 2

        else:

            class Same(ScriptableModule):  # type: ignore[no-redef]
                def forward(self, x: Tensor) -> Tensor:
                    return x + 1

        return Same()

    net = PerInstance(1.0, nn.Sequential(make(1), make(2), make(1)))
    assert_same(run_compiled(net, batch()), (batch() + 1) * 2 + 1)


def test_a_script_module_as_a_child() -> None:
    """Somebody's compiled file inside a scriptable module."""
    inner = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
    traced = torch.jit.trace(nn.Linear(4, 4), (batch(),))
    for child in (inner, traced):
        net = PerInstance(2.0, child)
        assert_same(net(batch()), child(batch()) * 2)
        script = scriptkit.to_torchscript(net)
        assert_same(script(batch()), child(batch()) * 2)
