"""A scriptable module that holds what other people wrote: compiled, reported, saved, loaded, verified, trained."""

from __future__ import annotations

import copy
import dataclasses
import gc
import io
import pickle
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.compiling.plan.waiting import MissingInputsError
from tests.compiling.third_party import installed


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return installed(tmp_path_factory.mktemp("packages"))


class Net(ScriptableModule):
    """Control flow of its own round the part."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.backbone(x)
        if bool(y.sum() > 0):
            y = y + 1
        z: Tensor = self.head(y)
        return z


class Declares(Net):
    def example_inputs(self) -> tuple[Any, ...]:
        return (torch.randn(5, 4),)


class Encodes(ScriptableModule):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        hidden: Tensor = self.encoder(x, mask=mask).last_hidden_state
        return hidden.sum(1)


class AsksByKey(Encodes):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        hidden: Tensor = self.encoder(x, mask=mask)["last_hidden_state"]
        return hidden.sum(1)


class Middle(ScriptableModule):
    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.net = Net(backbone)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(x.size(0)):
            x = x * 0.9
        y: Tensor = self.net(x)
        return y


class Outer(ScriptableModule):
    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.parts = nn.Sequential(Middle(backbone))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.parts(x)
        return y


def rows(count: int = 6, scale: float = 1.0) -> Tensor:
    return torch.linspace(-1, 1.5, count * 4).reshape(count, 4) * scale


def modes(module: nn.Module) -> dict[str, str]:
    return {row.path: row.mode for row in scriptkit.report(module).rows}


def eagerly(module: nn.Module, *args: Any) -> Any:
    with scriptkit.eager():
        return module(*args)


def assert_whole(module: nn.Module, *args: Any) -> None:
    """Runs compiled, equals eager, also after save and load, and passes `verify`."""
    assert scriptkit.is_compiled(module)
    assert all(row.reason for row in scriptkit.report(module).rows)
    expected = eagerly(module, *args)
    assert torch.allclose(module(*args), expected)
    file = io.BytesIO()
    scriptkit.save(module, file, example_inputs=args)
    file.seek(0)
    assert torch.allclose(scriptkit.load(file)(*args), expected)
    assert scriptkit.verify(module, args).passed
    assert not scriptkit.report(module).eager_calls


def test_with_declared_inputs_it_is_compiled_by_the_constructor(party: ModuleType) -> None:
    net = Declares(party.Backbone())
    assert modes(net) == {
        "": "script",
        "backbone": "lowered",
        "backbone.fc": "lowered",
        "backbone.bn": "lowered",
        "backbone.drop": "lowered",
        "head": "script",
    }
    assert_whole(net.eval(), rows())


def test_without_inputs_it_is_pending_until_its_first_call(party: ModuleType) -> None:
    net = Net(party.Backbone()).eval()
    assert set(modes(net).values()) == {"pending"}
    assert not scriptkit.is_compiled(net)
    reason = next(row.reason for row in scriptkit.report(net).rows if row.path == "backbone")
    assert "third_party_models.py" in reason
    with pytest.raises(MissingInputsError, match=r"`backbone` .*example_inputs.*scriptkit.traced"):
        scriptkit.save(net, io.BytesIO())
    first = net(rows())
    assert torch.allclose(first, eagerly(net, rows()))
    assert not scriptkit.report(net).eager_calls
    assert_whole(net, rows())


@pytest.mark.parametrize("form", [Encodes, AsksByKey])
def test_an_encoder_whose_output_has_fields(party: ModuleType, form: type[Encodes]) -> None:
    net = form(party.Encoder()).eval()
    args = (rows(), torch.ones(6, 1))
    net(*args)
    assert_whole(net, *args)


def test_nested_three_deep(party: ModuleType) -> None:
    net = Outer(party.Backbone()).eval()
    assert set(modes(net).values()) == {"pending"}
    net(rows())
    assert modes(net)["parts.0.net.backbone"] == "lowered"
    assert modes(net)["parts.0.net"] == "script"
    assert_whole(net, rows())
    assert_whole(net.parts[0], rows(3))


def test_marked_as_traced_with_inputs(party: ModuleType) -> None:
    net = Net(scriptkit.traced(party.Backbone(), (rows(),)))
    assert modes(net)["backbone"] == "trace"
    assert_whole(net.eval(), rows())


def test_a_module_of_the_project_marked_as_traced_waits_for_inputs() -> None:
    class Own(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    net = Net(scriptkit.traced(Own()))
    assert set(modes(net).values()) == {"pending"}
    net(rows())
    assert modes(net)["backbone"] == "trace"


def test_it_trains_moves_and_keeps_its_state_as_a_plain_module(party: ModuleType) -> None:
    torch.manual_seed(2)
    net = Declares(party.Backbone())
    twin = copy.deepcopy(net)
    assert list(net.state_dict()) == list(twin.state_dict())
    for training in (True, False, True):
        net.train(training)
        twin.train(training)
        torch.manual_seed(4)
        actual = net(rows())
        torch.manual_seed(4)
        expected = eagerly(twin, rows())
        assert torch.allclose(actual, expected)
        actual.sum().backward()
        expected.sum().backward()
    for (name, one), other in zip(net.named_parameters(), twin.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad), name  # type: ignore[arg-type]
    for (name, buffer), kept in zip(net.named_buffers(), twin.buffers(), strict=True):
        assert torch.equal(buffer, kept), name
    net.load_state_dict({name: torch.ones_like(tensor) for name, tensor in net.state_dict().items()})
    assert torch.allclose(net.eval()(rows()), eagerly(net, rows()))
    assert not scriptkit.report(net).eager_calls


@pytest.mark.parametrize("mark", [False, True], ids=["lowered", "traced"])
def test_whatever_changes_is_seen_at_the_next_call(party: ModuleType, mark: Any) -> None:
    backbone = party.Backbone()
    net = Declares(scriptkit.traced(backbone) if mark else backbone).eval()

    def assert_same(x: Tensor) -> None:
        assert torch.equal(net(x), eagerly(net, x))

    assert_same(rows())
    backbone.config.scale = 5.0
    assert_same(rows())
    backbone.fc = nn.Linear(4, 4).eval()
    assert_same(rows())
    backbone.fc.weight.detach().zero_()
    assert_same(rows())
    handle = backbone.fc.register_forward_hook(lambda *_: torch.full((6, 4), 3.0))
    with pytest.warns(scriptkit.ScriptkitEagerWarning):
        assert_same(rows())
    handle.remove()
    assert_same(rows())
    net.double()
    assert_same(rows().double())
    net.backbone = party.Backbone().double().eval()
    assert_same(rows().double())


def test_what_holds_for_evaluation_only_trains_as_python(party: ModuleType) -> None:
    net = Declares(scriptkit.traced(party.OnlyEvaluation())).eval()
    assert torch.equal(net(rows()), eagerly(net, rows()))
    net.train()
    with pytest.warns(scriptkit.ScriptkitEagerWarning, match="evaluation only"):
        result = net(rows(scale=3.0))
    assert torch.equal(result, eagerly(net, rows(scale=3.0)))


def test_what_nothing_can_compile_is_refused_with_its_line(party: ModuleType) -> None:
    with pytest.raises((scriptkit.TraceHazardError, scriptkit.CompilationError)) as caught:
        Declares(party.Refused())
    assert "third_party_models.py" in str(caught.value)


def test_errors_of_the_projects_own_methods_do_not_wait_for_inputs(
    party: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")

    class Wrong(Net):
        def forward(self, x: Tensor) -> Tensor:
            return self.helper(self.head(self.backbone(x)))

        def helper(self, x: Tensor) -> Tensor:
            return x.no_such_method()  # type: ignore[attr-defined, no-any-return, scriptkit-unsupported-tensor-method]

    with pytest.raises(scriptkit.CompilationError, match="no_such_method"):
        Wrong(party.Backbone())


def test_copies_and_pickles_take_no_compiled_form_along(party: ModuleType) -> None:
    net = Declares(party.Backbone()).eval()
    expected = net(rows())
    for made in (copy.deepcopy(net), copy.copy(net)):
        assert torch.allclose(made(rows()), expected)
        assert not scriptkit.report(made).eager_calls
    assert b"scriptkit.compiling" not in pickle.dumps(party.Backbone().fc)
    backbone = copy.deepcopy(net.backbone)
    assert torch.allclose(backbone(rows()), net.backbone(rows()))


def test_example_inputs_that_do_not_fit_are_refused_by_the_constructor(party: ModuleType) -> None:
    class Careless(Net):
        def example_inputs(self) -> Any:
            return (torch.ones(2, 5),)

    with pytest.raises(scriptkit.CompilationError, match="does not take what its `example_inputs` returns"):
        Careless(party.Backbone())


def test_example_inputs_that_are_no_tuple_are_refused(party: ModuleType) -> None:
    class Careless(Net):
        def example_inputs(self) -> Any:
            return torch.ones(2, 4)

    with pytest.raises(scriptkit.CompilationError, match="returns a Tensor, not a tuple"):
        Careless(party.Backbone())


def test_a_module_with_a_compiled_part_is_freed(party: ModuleType) -> None:
    net = Declares(party.Backbone())
    net(rows())
    known = weakref.ref(net.backbone), weakref.ref(net)
    del net
    gc.collect()
    assert [ref() for ref in known] == [None, None]


def test_building_leaves_random_numbers_and_buffers_alone(party: ModuleType) -> None:
    backbone = party.Backbone()
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    state = torch.get_rng_state()
    torch.nn.Linear(4, 2)
    after = torch.get_rng_state()
    torch.set_rng_state(state)
    net = Declares(backbone)
    assert torch.equal(torch.get_rng_state(), after)  # the head drew its weights, and nothing else was drawn
    assert net.training
    for name, tensor in backbone.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_the_file_needs_no_class(party: ModuleType, tmp_path: Path) -> None:
    net = Declares(party.Backbone()).eval()
    net.save(tmp_path / "net.pt", example_inputs=(rows(),))
    loaded = scriptkit.load(tmp_path / "net.pt")
    assert [part.mode for part in loaded.manifest.submodules][:2] == ["script", "lowered"]
    assert torch.allclose(loaded(rows(9)), net(rows(9)))


@dataclasses.dataclass
class Encoded:
    hidden: Tensor
    pooled: Tensor | None = None
    layers: tuple[Tensor, ...] | None = None


class GivesADataclass(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, all_layers=False, scale=None, **kwargs):  # type: ignore[no-untyped-def]
        y = self.fc(x) if scale is None else self.fc(x) * scale
        return Encoded(y, layers=(x, y) if all_layers else None)


class ReadsFields(Encodes):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        first = self.encoder(x)
        hidden: Tensor = first.hidden * mask
        pooled = first.pooled
        if pooled is not None:
            hidden = hidden + pooled
        return hidden


class ReadsNestedFields(Encodes):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        layers = self.encoder(x, all_layers=True).layers
        y: Tensor = layers[1] * mask
        return y


class ReadsFieldsOfTwoWays(Encodes):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        once = self.encoder(x).hidden
        y: Tensor = once + self.encoder(once, scale=mask).hidden
        return y


@pytest.mark.parametrize("cls", [ReadsFields, ReadsNestedFields, ReadsFieldsOfTwoWays])
def test_fields_of_a_dataclass_are_read_by_name_though_some_are_none(cls: Any, tmp_path: Path) -> None:
    net, x, mask = cls(GivesADataclass()), rows(), torch.ones(6, 4) * 2
    with scriptkit.eager():
        expected = net(x, mask)

    assert torch.equal(net(x, mask), expected)
    net.save(tmp_path / "net.pt")
    assert torch.equal(scriptkit.load(tmp_path / "net.pt")(x, mask), expected)
