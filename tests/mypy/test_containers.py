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


def test_containers_of_named_modules(project: Project) -> None:
    assert_says(
        project,
        BLOCKS
        + """
        from collections import OrderedDict
        class Net(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.line = nn.Sequential(OrderedDict([("a", A()), ("b", B())]))
                self.named = nn.ModuleDict(OrderedDict([("a", A()), ("b", B())]))

            def forward(self, x: Tensor) -> Tensor:
                reveal_type(self.line(x))  # = "int"
                reveal_type(self.line[0])  # = m.A
                reveal_type(self.named["b"](x))  # = "int"
                return x
        """,
    )


def test_annotated_containers(project: Project) -> None:
    assert_says(
        project,
        BLOCKS
        + """
        class Net(nn.Module):
            declared: nn.ModuleList

            def __init__(self) -> None:
                super().__init__()
                self.declared = nn.ModuleList([A()])
                self.annotated: nn.ModuleList = nn.ModuleList([A(), B()])
                self.line: nn.Sequential = nn.Sequential(A(), B())

            def forward(self, x: Tensor) -> Tensor:
                for layer in self.declared:
                    x = layer(x)
                reveal_type(self.annotated[1](x))  # = "int"
                reveal_type(self.line(x))  # = "int"
                return x

        class Sub(Net):
            def forward(self, x: Tensor) -> Tensor:
                reveal_type(self.declared[0](x))  # = "torch._tensor.Tensor"
                return x
        """,
        "--strict",
    )


def test_lists_that_init_appends_to(project: Project) -> None:
    assert_says(
        project,
        BLOCKS
        + """
        class Net(nn.Module):
            def __init__(self, n: int) -> None:
                super().__init__()
                self.layers = nn.ModuleList()
                for _ in range(n):
                    self.layers.append(A())
                self.mixed = nn.ModuleList([A()])
                self.mixed.append(B())
                reveal_type(self.mixed[0])  # = torch.nn.modules.module.Module

            def forward(self, x: Tensor) -> Tensor:
                for layer in self.layers:
                    x = layer(x)
                reveal_type(self.layers[0](x))  # = "torch._tensor.Tensor"
                reveal_type(self.mixed[0])  # = m.A | m.B
                return x

        class Later(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layers = nn.ModuleList([A()])

            def grow(self) -> None:
                self.layers.append(B())
                reveal_type(self.layers[0])  # = torch.nn.modules.module.Module
        """,
    )


def test_other_files_see_a_declared_container_as_torch_types_it(project: Project) -> None:
    """Whether mypy checks this file or has it in its cache makes no difference to them."""
    project.write(
        lib="""
        from torch import nn
        class Lib(nn.Module):
            declared: nn.ModuleList
            def __init__(self) -> None:
                self.declared = nn.ModuleList([nn.Linear(1, 2)])
        """,
    )
    text = "from lib import Lib\nreveal_type(Lib().declared[0])  # = torch.nn.modules.module.Module\n"
    assert_says(project, text)
    assert_says(project, text + "x = 1\n")


def test_what_is_changed_later_stays_untyped(project: Project) -> None:
    assert_says(
        project,
        BLOCKS
        + """
        class Net(nn.Module):
            def __init__(self, other: bool) -> None:
                super().__init__()
                self.grown = nn.ModuleList([A()])
                self.grown.insert(0, B())
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
