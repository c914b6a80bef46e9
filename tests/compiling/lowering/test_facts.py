"""Every kind of static fact that is changed after lowering is noticed before the next call, and nothing else is."""

from __future__ import annotations

import contextvars
import functools
import os
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.lowering import LoweringError, lower

FACTOR = 2.0
TABLE = {"relu": torch.relu, "tanh": torch.tanh}
CHOSEN: contextvars.ContextVar[float] = contextvars.ContextVar("CHOSEN", default=1.0)


def shifted(x: Tensor, by: float = 1.0) -> Tensor:
    return x + by


def made_with(offset: float) -> Callable[[Tensor], Tensor]:
    def add(x: Tensor) -> Tensor:
        return x + offset

    return add


class Slotted:
    __slots__ = ("power",)

    def __init__(self) -> None:
        self.power = 2


def scaled(x: Tensor, *, by: float = 1.0) -> Tensor:
    return x * by


def defaults_of(function: Callable[..., Any]) -> dict[str, Any]:
    found: dict[str, Any] = getattr(function, "__kwdefaults__")  # noqa: B009 - a function of any kind
    return found


class Plain:
    """Some base, so that bases can be exchanged."""


class Rule(Plain):
    @property
    def factor(self) -> float:
        return 1.5


class OtherRule(Plain):
    @property
    def factor(self) -> float:
        return 2.5


class Halved(nn.LayerNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / 2


class Base(nn.Module):
    scale = 3.0

    def finish(self, x: Tensor) -> Tensor:
        return x * self.scale

    @property
    def portion(self) -> float:
        return 0.5


class Model(Base):
    """Reads a fact of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(act="relu", more={"bias": 0.25}, sizes=[1, 2])
        self.norm, self.drop = nn.LayerNorm(4), nn.Dropout(0.5)
        self.linear, self.blocks = nn.Linear(4, 4, bias=False), nn.ModuleList([nn.Linear(4, 4), nn.Tanh()])
        self.slotted, self.add, self.rule = Slotted(), made_with(0.5), Rule()
        self.reduce = functools.partial(torch.sum, dim=-1, keepdim=True)

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        x = TABLE[self.config.act](self.linear(self.drop(x))) * FACTOR + self.config.more["bias"]
        for block in self.blocks:
            x = block(x)
        for parameter in self.blocks.parameters():
            x = x + parameter.mean() * (2 if os.environ.get("FACTS_OF_TESTS") else 1)
        for size in self.config.sizes:
            x = x + size
        x = self.add(shifted(self.norm(x))) * getattr(self, "missing", 1.0) * CHOSEN.get()
        x = scaled(x) * self.rule.factor
        y: Tensor = self.finish(self.reduce(x) ** self.slotted.power) * self.portion
        return y


class Other(Model):
    def finish(self, x: Tensor) -> Tensor:
        return -x


def put(owner: Any, name: str, value: Any) -> Callable[[Any], None]:
    def change(_: Any) -> None:
        changes.setattr(owner, name, value)

    return change


changes = pytest.MonkeyPatch()
undo: list[Callable[[], Any]] = []


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    yield
    changes.undo()
    while undo:
        undo.pop()()


def other_finish(self: Base, x: Tensor) -> Tensor:
    return x - self.scale


CHANGES: dict[str, Callable[[Any], None]] = {
    "attribute of a configuration": lambda model: setattr(model.config, "act", "tanh"),
    "configuration exchanged": lambda model: setattr(
        model, "config", SimpleNamespace(act="tanh", more={"bias": 0.25}, sizes=[1, 2])
    ),
    "item of a dictionary": lambda model: model.config.more.update(bias=0.5),
    "item of a list": lambda model: model.config.sizes.append(3),
    "attribute that was absent": lambda model: setattr(model, "missing", 4.0),
    "class attribute": put(Base, "scale", 5.0),
    "class attribute overridden below": put(Model, "scale", 6.0),
    "method of a base class": put(Base, "finish", other_finish),
    "method overridden below": put(Model, "finish", other_finish),
    "method overridden on the instance": lambda model: setattr(model, "finish", lambda x: x - 1),
    "property": put(Base, "portion", property(lambda _: 0.75)),
    "global": lambda _: changes.setitem(globals(), "FACTOR", 7.0),
    "global function": lambda _: changes.setitem(globals(), "shifted", torch.neg),
    "code of a function": put(shifted, "__code__", (lambda x, by: x - by).__code__),
    "default value of a function": put(shifted, "__defaults__", (9.0,)),
    "default of a keyword replaced": put(scaled, "__kwdefaults__", {"by": 9.0}),
    "default of a keyword changed in place": lambda _: changes.setitem(defaults_of(scaled), "by", 9.0),
    "class of a module": lambda model: changes.setattr(model.norm, "__class__", Halved),
    "class of the root": lambda model: changes.setattr(model, "__class__", Other),
    "class of a configuration": lambda model: changes.setattr(model.rule, "__class__", OtherRule),
    "bases of a class": lambda _: _set_for_this_test((Plain,), _set_bases, (OtherRule,)),
    "call of all modules": put(nn.Module, "__call__", lambda self, *args, **kwargs: self.forward(*args, **kwargs)),
    "dictionary of functions": lambda _: changes.setitem(TABLE, "relu", torch.tanh),
    "variable of a closure": lambda model: setattr(model.add.__closure__[0], "cell_contents", 8.0),
    "attribute in a slot": lambda model: setattr(model.slotted, "power", 3),
    "context variable": lambda _: _set_for_this_test(CHOSEN.get(), CHOSEN.set, 2.0),
    "submodule exchanged": lambda model: setattr(model, "linear", nn.Linear(4, 4, bias=True)),
    "submodule of a list exchanged": lambda model: model.blocks.__setitem__(1, nn.ReLU()),
    "submodule added to a list": lambda model: model.blocks.append(nn.ReLU()),
    "order of submodules": lambda model: model.blocks._modules.__setitem__("0", model.blocks._modules.pop("0")),
    "constant of a module of torch": lambda model: setattr(model.norm, "eps", 0.1),
    "probability of dropout": lambda model: setattr(model.drop, "p", 0.25),
    "bias of a module of torch": lambda model: setattr(model.linear, "bias", nn.Parameter(torch.ones(4))),
    "hook": lambda model: model.norm.register_forward_hook(lambda *_: None),
    "forward of a module of torch": lambda model: setattr(model.norm, "forward", torch.neg),
    "variable of the environment": lambda _: changes.setenv("FACTS_OF_TESTS", "1"),
    "parameter added to a list": lambda model: model.blocks.register_parameter("more", nn.Parameter(torch.ones(4))),
    "default dtype": lambda _: _set_for_this_test(torch.float32, torch.set_default_dtype, torch.float64),
}


def _set_bases(bases: tuple[type, ...]) -> None:
    Rule.__bases__ = bases


def _set_for_this_test(before: Any, put: Callable[[Any], Any], value: Any) -> None:
    put(value)
    undo.append(lambda: put(before))


@pytest.mark.parametrize("kind", CHANGES)
def test_a_changed_fact_is_noticed_and_one_put_back_holds_again(kind: str) -> None:
    model = Model().eval()
    lowered = lower(model, (torch.ones(2, 4),))
    assert lowered.question.broken() is None
    assert lowered.question.holds()
    CHANGES[kind](model)
    assert lowered.question.broken() is not None
    assert lowered.question.broken() is not None


@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
@pytest.mark.parametrize("kind", CHANGES)
def test_a_compiled_module_gives_what_the_changed_module_gives(kind: str) -> None:
    model = Model().eval()
    x = torch.linspace(-1, 1, 8).reshape(2, 4)
    compiled = scriptkit.compile(model, (x,))
    assert scriptkit.report(compiled).rows[0].mode == "lowered"
    assert torch.equal(compiled(x), model(x))
    CHANGES[kind](model)
    x = x.to(torch.get_default_dtype())
    model.to(x.dtype)
    for given in (x, x[:1]):
        assert torch.equal(compiled(given), model(given))


def test_an_emptied_variable_of_a_closure_is_noticed() -> None:
    model = Model().eval()
    lowered = lower(model, (torch.ones(2, 4),))
    assert lowered.question.broken() is None
    del model.add.__closure__[0].cell_contents  # type: ignore[index]
    assert lowered.question.broken() == "a variable of an enclosing function changed"
    with pytest.raises(LoweringError, match="free variable 'offset' is not defined"):
        lower(model, (torch.ones(2, 4),))


def test_what_is_put_back_or_set_to_the_same_value_needs_no_lowering() -> None:
    model = Model().eval()
    lowered = lower(model, (torch.ones(2, 4),))
    assert lowered.question.broken() is None
    model.config.sizes.append(3)
    assert lowered.question.broken() is not None
    model.config.sizes.pop()
    assert lowered.question.broken() is None
    model.config.act = str(b"relu", "ascii")
    model.norm.eps = float("1e-05")
    assert not lowered.question.holds()
    assert lowered.question.broken() is None
    assert lowered.question.holds()


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_after_many_calls_is_noticed_too(kind: str) -> None:
    """After some calls only dictionaries that were written are looked at."""
    model = Model().eval()
    lowered = lower(model, (torch.ones(2, 4),))
    for _ in range(20):
        assert lowered.question.broken() is None
    CHANGES[kind](model)
    assert lowered.question.broken() is not None
    changes.undo()


def test_hooks_elsewhere_do_not_matter() -> None:
    model, other = Model().eval(), nn.Linear(2, 2)
    lowered = lower(model, (torch.ones(2, 4),))
    assert lowered.question.broken() is None
    other.register_forward_hook(lambda *_: None)
    assert not lowered.question.holds()
    assert lowered.question.broken() is None
    assert lowered.question.holds()


def test_zero_and_minus_zero_are_two_values() -> None:
    model = Model().eval()
    model.config.more["bias"] = 0.0
    lowered = lower(model, (torch.ones(2, 4),))
    model.config.more["bias"] = -0.0
    assert lowered.question.broken() is not None


class AsksWhatItHas(nn.Module):
    """Adapters are added to models like this one."""

    adapter: nn.Linear

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        if hasattr(self, "adapter"):
            x = self.adapter(x)
        return x + getattr(self, "shift", 1)


class SaysWhatIsMissing(nn.Module):
    shift: Tensor

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        return x + self.shift

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return 1


ADDED: dict[str, tuple[type[nn.Module], Callable[[nn.Module], object]]] = {
    "submodule": (AsksWhatItHas, lambda model: setattr(model, "adapter", nn.Threshold(10.0, 20.0))),
    "parameter": (AsksWhatItHas, lambda model: setattr(model, "shift", nn.Parameter(torch.full((2,), 5.0)))),
    "attribute": (AsksWhatItHas, lambda model: setattr(model, "shift", 3)),
    "buffer": (SaysWhatIsMissing, lambda model: model._buffers.update(shift=torch.full((2,), 5.0))),
    "attribute in the place of another's": (SaysWhatIsMissing, lambda model: setattr(model, "shift", 3)),
}


@pytest.mark.parametrize("what", ADDED)
@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
def test_what_a_module_did_not_have_is_noticed_when_it_is_added(what: str) -> None:
    cls, add = ADDED[what]
    model = cls()
    compiled = scriptkit.compile(model, (torch.ones(2),))
    assert scriptkit.report(compiled).rows[0].mode == "lowered"
    before = compiled(torch.ones(2))
    add(model)
    assert torch.equal(compiled(torch.ones(2)), model(torch.ones(2)))
    assert not torch.equal(before, model(torch.ones(2)))
