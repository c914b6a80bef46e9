"""Trees of scriptable and plain modules, subclasses, mixins, generics, dataclasses."""

import abc
import dataclasses
from typing import Generic, TypeVar

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import Final, ScriptableModule
from tests.scenarios.comparing import assert_same, assert_same_state, plain_class, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import compiled_only, python_forwards, run_compiled

T = TypeVar("T")


@row("sequential_of_scriptables")
def test_a_plain_sequential_of_scriptable_modules() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(Child(), Child())
    torch.manual_seed(0)
    plain = nn.Sequential(plain_class(Child)(), plain_class(Child)())
    with python_forwards(net) as entered:
        out = net(batch())
    assert entered == ["Sequential"]
    assert_same(out, plain(batch()))
    assert_same(run_compiled(net[0], batch()), plain[0](batch()))


class Inside(nn.Module):
    """A plain parent of scriptable children."""

    def __init__(self, *children: nn.Module) -> None:
        super().__init__()
        self.children_ = nn.ModuleList(children)

    def forward(self, x: Tensor) -> Tensor:
        for child in self.children_:
            x = child(x)
        return x


@row("scriptable_inside_plain")
def test_a_scriptable_module_inside_a_plain_one() -> None:
    (child, plain_child), (outer, plain_outer) = twins(Child), twins(Outer)
    net, plain = Inside(child, outer), Inside(plain_child, plain_outer)
    with python_forwards(net) as entered:
        out = net(batch())
    assert entered == ["Inside"]
    assert_same(out, plain(batch()))
    assert_same(run_compiled(outer, batch()), plain_outer(batch()))


@row("child_called_directly")
def test_a_child_called_on_its_own() -> None:
    net, plain = twins(Outer)
    for _ in range(2):
        assert_same(run_compiled(net.blocks[0], batch()), plain.blocks[0](batch()))
        assert_same(run_compiled(net, batch()), plain(batch()))
        for model in (net, plain):
            model.blocks[0].scale += 1.0


class Given(ScriptableModule):
    """Takes modules built by somebody else."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first = first
        self.second = second

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(self.first(x))
        return out


@row("children_passed_from_outside")
def test_children_built_and_called_before_their_parent() -> None:
    (child, plain_child), (outer, plain_outer) = twins(Child), twins(Outer)
    run_compiled(child, batch())
    net, plain = Given(child, outer), plain_class(Given)(plain_child, plain_outer)
    assert_same(run_compiled(net, batch()), plain(batch()))
    child.scale = plain_child.scale = 0.25
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same(run_compiled(child, batch()), plain_child(batch()))


def test_one_child_in_two_parents() -> None:
    child, plain_child = twins(Child)
    nets = [Given(child, nn.ReLU()), Given(nn.Tanh(), child)]
    plains = [plain_class(Given)(plain_child, nn.ReLU()), plain_class(Given)(nn.Tanh(), plain_child)]
    for scale in (1.0, 3.0):
        child.scale = plain_child.scale = scale
        for net, plain in zip(nets, plains, strict=True):
            assert_same(run_compiled(net, batch()), plain(batch()))


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
        return self.fc(x) * self.slope  # type: ignore[no-any-return]


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


def test_none_submodules_and_optional_branches() -> None:
    for down in (None, nn.Linear(4, 4)):
        net = Residual(down)
        plain = plain_class(Residual)(down)
        assert_same(run_compiled(net, batch()), plain(batch()))


class Residual(ScriptableModule):
    def __init__(self, down: nn.Module | None) -> None:
        super().__init__()
        self.down = down

    def forward(self, x: Tensor) -> Tensor:
        if self.down is not None:
            return x + self.down(x)  # type: ignore[no-any-return]
        return x + x


def test_report_shows_every_module_of_the_tree() -> None:
    net, _ = twins(Outer)
    report = scriptkit.report(net)
    assert [r.path for r in report.rows] == [path for path, _ in net.named_modules()]
    assert {r.mode for r in report.rows} == {"script"}
    assert {r.class_name for r in report.rows} >= {"Outer", "Child", "Linear", "ModuleList", "Sequential"}
    text = str(report)
    assert all(name in text for name in ("Outer", "blocks", "Child", "head"))


def test_compiled_only_notices_python() -> None:
    net = Inside(Child())
    with pytest.raises(AssertionError, match="Python ran"):
        compiled_only(net, net, batch())
