"""Subclasses, mixins, library classes, abstract generic bases, dataclasses."""

import abc
import dataclasses
from typing import Generic, TypeVar

import pytest
import torch
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule
from tests.scenarios.comparing import assert_same, assert_same_state, plain_class, twins
from tests.scenarios.matrix import row
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled

T = TypeVar("T")


class Base(ScriptableModule):
    """A base that is a model of its own."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)

    def body(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Derived(Base):
    """Adds a layer after `super().__init__` and overrides a method of the base."""

    def __init__(self) -> None:
        super().__init__(4)
        self.late = nn.Linear(4, 2)

    def body(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc(x))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.late(self.body(x))
        return out


@row("subclass_super_init")
def test_a_subclass_that_adds_after_super_init() -> None:
    net, plain = twins(Derived)
    assert_same(run_compiled(net, batch()), plain(batch()))
    base, plain_base = twins(Base, 4)
    assert_same(run_compiled(base, batch()), plain_base(batch()))


class Scaled:
    """A mixin that is no module."""

    factor: float = 3.0

    def rescale(self, x: Tensor) -> Tensor:
        return x * self.factor


class Mixed(Scaled, ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.factor = 2.5
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.rescale(self.fc(x))


@row("multiple_inheritance")
def test_a_mixin_that_is_no_module() -> None:
    net, plain = twins(Mixed)
    assert_same(run_compiled(net, batch()), plain(batch()))


class Library(nn.Module):
    """Stands for a class of somebody's package."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.slope = 0.1

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.leaky_relu(self.fc(x), self.slope)


class Adopted(Library, ScriptableModule):
    """A library class made scriptable by naming it as a base."""


class Extended(Library, ScriptableModule):
    """The same with a `forward` of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.slope


@pytest.mark.parametrize("cls", [Adopted, Extended])
def test_a_library_module_as_a_base(cls: type[Library]) -> None:
    torch.manual_seed(0)
    net = cls(4)
    torch.manual_seed(0)
    plain = Library(4)
    expected = plain(batch()) if cls is Adopted else plain.fc(batch()) * plain.slope
    assert_same(run_compiled(net, batch()), expected)
    assert isinstance(net, Library)


def test_a_torch_module_as_a_base() -> None:
    class Projection(nn.Linear, ScriptableModule):
        pass

    torch.manual_seed(0)
    net = Projection(4, 3)
    torch.manual_seed(0)
    assert_same(run_compiled(net, batch()), nn.Linear(4, 3)(batch()))


class Abstract(ScriptableModule, abc.ABC, Generic[T]):
    """An abstract, generic base with a template method."""

    width: Final[int]

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    @abc.abstractmethod
    def step(self, x: Tensor) -> Tensor:
        """What subclasses do."""

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.width):
            x = self.step(x)
        return x


class Concrete(Scaled, Abstract[float]):
    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.factor = 0.5
        self.fc = nn.Linear(4, 4)

    def step(self, x: Tensor) -> Tensor:
        return self.rescale(self.fc(x))


@row("abstract_generic_base")
def test_an_abstract_generic_base_with_a_mixin() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Abstract(3)  # type: ignore[abstract]
    torch.manual_seed(0)
    net = Concrete(3)
    torch.manual_seed(0)
    plain = plain_class(Concrete)(3)
    assert_same(run_compiled(net, batch()), plain(batch()))


class Constants(ScriptableModule):
    rounds: Final[int] = 3
    names: Final[tuple[str, ...]] = ("a", "b")

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.rounds):
            x = x + len(self.names[0])
        return x


@row("class_level_final")
def test_a_final_with_its_value_in_the_class() -> None:
    net, plain = twins(Constants)
    assert_same(run_compiled(net, batch()), plain(batch()))


@dataclasses.dataclass(eq=False)
class Configured(ScriptableModule):
    """A dataclass whose fields are the module's attributes."""

    width: int
    slope: float = 0.5

    def __post_init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(self.width, self.width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out * self.slope + self.width


def test_a_dataclass_module() -> None:
    net, plain = twins(Configured, 4, slope=2.0)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)
    net.slope = plain.slope = 3.0
    assert_same(run_compiled(net, batch()), plain(batch()))
