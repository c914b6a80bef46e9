"""Calls of modules have the types of their `forward`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mypy.typed import assert_says

if TYPE_CHECKING:
    from tests.mypy.project import Project


def test_arguments_are_checked_and_the_result_is_typed(project: Project) -> None:
    assert_says(
        project,
        """
        class Net(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.fc = nn.Linear(1, 2)

            def forward(self, x: Tensor, times: int = 1, *, scale: float = 1.0) -> tuple[Tensor, int]:
                reveal_type(self.fc(x))  # = "torch._tensor.Tensor"
                self.fc(times)  # = Argument 1 to "forward" of "Linear" has incompatible type "int"; expected "Tensor"
                self.fc(x, x)  # = Too many arguments for "forward" of "Linear"
                return x, times

        net, x = Net(), Tensor()
        reveal_type(net(x, 2, scale=3))  # = tuple[torch._tensor.Tensor, int]
        net(x, scael=3)  # = Unexpected keyword argument "scael"
        net()  # = Missing positional argument "x"
        """,
    )


def test_without_a_typed_forward_nothing_is_claimed(project: Project) -> None:
    assert_says(
        project,
        """
        class Untyped(nn.Module):
            def forward(self, x):
                return x

        class Abstract(nn.Module): ...

        reveal_type(Untyped()(1, 2))  # = Any
        reveal_type(Abstract()(1, 2))  # = Any
        """,
    )


def test_a_call_of_ones_own_counts(project: Project) -> None:
    assert_says(
        project,
        """
        class Own(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return x

            def __call__(self, x: int) -> str:
                return ""

        reveal_type(Own()(1))  # = str
        """,
    )


def test_overloads_generics_and_inherited_forwards(project: Project) -> None:
    assert_says(
        project,
        """
        T = TypeVar("T")

        class Box(nn.Module, Generic[T]):
            def forward(self, x: T) -> list[T]:
                return [x]

        class IntBox(Box[int]): ...

        reveal_type(nn.LSTM(1, 2)(Tensor())[0])  # = "torch._tensor.Tensor"
        reveal_type(nn.LSTM(1, 2)(1)[0])  # = "int"
        nn.LSTM(1, 2)("")  # = No overload variant of "forward" of "LSTM" matches argument type "str"
        def f(box: Box[str]) -> None:
            reveal_type(box(""))  # = list[str]
        reveal_type(IntBox()(1))  # = list[int]
        IntBox()("")  # = expected "int"
        """,
    )


def test_optional_submodules_and_unions(project: Project) -> None:
    assert_says(
        project,
        """
        class Net(nn.Module):
            def __init__(self, norm: bool) -> None:
                super().__init__()
                self.norm = nn.Linear(1, 2) if norm else None
                self.either = nn.Linear(1, 2) if norm else nn.Identity()
                self.declared: Optional[nn.Identity] = None

            def forward(self, x: Tensor) -> Tensor:
                if self.norm is not None:
                    x = self.norm(x)
                if self.declared is not None:
                    reveal_type(self.declared(x))  # = "torch._tensor.Tensor"
                return self.either(x)
        """,
        "--strict",
    )


def test_super_forward_and_scriptable_modules(project: Project) -> None:
    assert_says(
        project,
        """
        class Base(ScriptableModule):
            def forward(self, x: Tensor) -> Tensor:
                return x

        class Sub(Base):
            def forward(self, x: Tensor) -> Tensor:
                return super().forward(x).relu()

        reveal_type(Sub()(Tensor()))  # = "torch._tensor.Tensor"
        Sub()(1)  # = incompatible type "int"; expected "Tensor"
        """,
        "--strict",
    )


def test_typed_calls_can_be_switched_off(project: Project) -> None:
    project.settings = "typed_calls = false\n"
    assert_says(project, "reveal_type(nn.Linear(1, 2)(1))  # = Any")


def test_methods_of_tensors_that_torch_leaves_untyped(project: Project) -> None:
    assert_says(
        project,
        """
        def train(loss: Tensor) -> Tensor:
            loss.backward(retain_graph=True)
            loss.backward(graph=True)  # = Unexpected keyword argument "graph" for "backward" of "Tensor"
            reveal_type(loss.split(2))  # = tuple[torch._tensor.Tensor, ...]
            return loss.share_memory_()
        """,
        "--strict",
    )
