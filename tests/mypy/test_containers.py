"""The types of modules inside containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mypy.typed import assert_says

if TYPE_CHECKING:
    from tests.mypy.project import Project

BLOCKS = """
        class A(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return x

        class B(nn.Module):
            def forward(self, x: Tensor) -> int:
                return 1
"""


def test_module_lists(project: Project) -> None:
    assert_says(
        project,
        BLOCKS
        + """
        class Net(nn.Module):
            def __init__(self, n: int) -> None:
                super().__init__()
                self.same = nn.ModuleList([A() for _ in range(n)])
                self.two = nn.ModuleList([A(), B()])
                self.rest = nn.ModuleList([B(), *[A()] * n])

            def forward(self, x: Tensor) -> Tensor:
                for layer in self.same:
                    x = layer(x)
                for i, layer in enumerate(self.same):
                    reveal_type((i, layer))  # = tuple[int, m.A]
                for one, other in zip(self.same, self.two):
                    reveal_type((one, other))  # = tuple[m.A, m.A | m.B]
                for layer in reversed(self.same):
                    reveal_type(layer)  # = m.A
                reveal_type(self.two[0](x))  # = "torch._tensor.Tensor"
                reveal_type(self.two[1](x))  # = "int"
                reveal_type(self.two[-1])  # = m.B
                reveal_type(self.two[i])  # = m.A | m.B
                reveal_type(self.same[1:][0])  # = m.A
                reveal_type(self.rest[0])  # = m.B
                reveal_type(self.rest[1])  # = m.B | m.A
                reveal_type(list(self.same))  # = list[m.A]
                return x
        """,
    )


def test_module_dicts(project: Project) -> None:
    assert_says(
        project,
        BLOCKS
        + """
        class Net(nn.Module):
            def __init__(self, names: list[str]) -> None:
                super().__init__()
                self.two = nn.ModuleDict({"a": A(), "b": B()})
                self.same = nn.ModuleDict({name: A() for name in names})

            def forward(self, x: Tensor, key: str) -> Tensor:
                reveal_type(self.two["b"](x))  # = "int"
                reveal_type(self.two[key])  # = m.A | m.B
                for name, layer in self.same.items():
                    reveal_type((name, layer(x)))  # = tuple[str, torch._tensor.Tensor]
                for layer in self.same.values():
                    x = layer(x)
                return x
        """,
    )


def test_sequentials(project: Project) -> None:
    assert_says(
        project,
        BLOCKS
        + """
        class Net(nn.Module):
            def __init__(self, n: int) -> None:
                super().__init__()
                layers = [A() for _ in range(n)]
                self.two = nn.Sequential(A(), B())
                self.starred = nn.Sequential(*layers)
                self.mixed = nn.Sequential(*layers, B())
                self.nested = nn.Sequential(A(), nn.Sequential(A(), A()))

            def forward(self, x: Tensor) -> Tensor:
                reveal_type(self.two(x))  # = "int"
                self.two(1)  # = Argument 1 to "Sequential" has incompatible type "int"; expected "Tensor"
                self.two(x, x)  # = Too many arguments
                reveal_type(self.starred(x))  # = "torch._tensor.Tensor"
                reveal_type(self.mixed(x))  # = "int"
                reveal_type(self.mixed[0])  # = m.A | m.B
                reveal_type(self.two[0])  # = m.A
                reveal_type(self.two[1:])  # = torch.nn.modules.container.Sequential
                reveal_type(self.two[1:](1))  # = Any
                for layer in self.starred:
                    x = layer(x)
                return self.nested(x)
        """,
        "--strict",
    )


def test_what_is_changed_later_stays_untyped(project: Project) -> None:
    assert_says(
        project,
        BLOCKS
        + """
        class Net(nn.Module):
            def __init__(self, other: bool) -> None:
                super().__init__()
                self.grown = nn.ModuleList([A()])
                self.grown.append(B())
                self.replaced = nn.ModuleList([A()])
                self.replaced[0] = B()
                self.chosen = nn.ModuleList([A()])
                if other:
                    self.chosen = nn.ModuleList([B()])
                self.empty = nn.ModuleList([])

            def forward(self, x: Tensor) -> Tensor:
                reveal_type(self.grown[0])  # = torch.nn.modules.module.Module
                reveal_type(self.replaced[0])  # = torch.nn.modules.module.Module
                reveal_type(self.chosen[0])  # = torch.nn.modules.module.Module
                reveal_type(self.empty[0])  # = torch.nn.modules.module.Module
                return x
        """,
    )


def test_types_survive_another_file_and_mypys_cache(project: Project) -> None:
    project.write(
        lib="""
        from torch import nn
        class Lib(nn.Module):
            def __init__(self) -> None:
                self.two = nn.ModuleList([nn.Linear(1, 2)])
        """,
    )
    text = """
        from lib import Lib
        reveal_type(Lib().two[0](Tensor()))  # = "torch._tensor.Tensor"
        """
    assert_says(project, text)
    assert_says(project, text + "\n        x = 1\n")
