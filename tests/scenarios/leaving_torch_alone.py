"""Run in a process of its own: use scriptkit, then ask torch what it refuses, and whether any of it was replaced."""

import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import Final, ScriptableModule
from tests.scenarios.comparing import assert_same


class Declared(nn.Module):
    inner: nn.Module

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(x)
        return y


class DeclaredOptional(nn.Module):
    inner: nn.Module | None

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return x


class Growing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.ReLU()])
        self.last = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        self.blocks.append(self.last)
        return x


class Taking(nn.Module):
    def forward(self, x: Tensor, y: nn.Module) -> Tensor:
        return x


REFUSED: tuple[tuple[type[nn.Module], str], ...] = (
    (Declared, "Unknown type annotation"),
    (DeclaredOptional, "Unsupported annotation"),
    (Growing, "Unknown type name 'Module'"),
    (Taking, "Unknown type name 'nn.Module'"),
)


def twice(x: Tensor) -> Tensor:
    return x * FACTOR


FACTOR = 2.0


class Used(ScriptableModule):
    """Everything a constructor looks at: declared values and submodules, constants, lists of modules, functions."""

    sizes: list[int]
    names: dict[str, float]
    inner: nn.Module
    scale: float | None
    rate: Final[float] = 0.5

    def __init__(self) -> None:
        super().__init__()
        self.sizes = [1, 2]
        self.names = {"a": 1.0}
        self.scale = None
        self.inner = nn.Linear(2, 2)
        self.blocks = nn.ModuleList([nn.ReLU(), nn.Tanh()])

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        y: Tensor = twice(self.inner(x)) * self.rate
        return y


class Foreign(nn.Module):
    """Lowered: the comprehension over strings is more than torch.jit.script takes."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, x: Tensor, **more: Tensor) -> Any:
        return {key: self.inner(x) for key in ("a", "b") if key not in more}


class Refused(ScriptableModule):
    sizes: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.sizes = [1]

    def forward(self, x: Tensor) -> Tensor:
        return x.no_such_method()  # type: ignore[attr-defined, no-any-return]  # scriptkit: allow[unsupported-tensor-method]


def use_scriptkit() -> None:
    x = torch.ones(1, 2)
    net = Used()
    file = io.BytesIO()
    scriptkit.save(net, file)
    file.seek(0)
    assert_same(scriptkit.load(file)(x), net(x))
    foreign = Foreign()
    assert_same(scriptkit.compile(foreign, (x,))(x), foreign(x))
    with pytest.raises(scriptkit.CompilationError):
        Refused()


def parts_of_torch() -> dict[tuple[str, str], int]:
    """Every function and class of torch, and every one in a class, by where it is found."""
    return {
        (where, name): id(value)
        for where, holder in _holders()
        for name, value in vars(holder).items()
        if callable(value)
    }


def _holders() -> Iterator[tuple[str, Any]]:
    for where, module in list(sys.modules.items()):
        if where.split(".")[0] == "torch" and module is not None:
            yield where, module
            for name, value in list(vars(module).items()):
                if isinstance(value, type) and value.__module__ == where:
                    yield f"{where}.{name}", value


def main() -> None:
    stores = [torch.jit._recursive.concrete_type_store, torch.jit._state._jit_caching_layer]
    before = parts_of_torch()
    use_scriptkit()
    after = parts_of_torch()
    assert {key: after.get(key) for key in before} == before
    assert stores == [torch.jit._recursive.concrete_type_store, torch.jit._state._jit_caching_layer]
    assert not {Used, Foreign, Refused, nn.Linear} & set(torch.jit._recursive.concrete_type_store.type_store)
    assert twice not in torch.jit._state._jit_caching_layer
    for cls, says in REFUSED:
        with pytest.raises(Exception, match=says):
            torch.jit.script(cls())
    sys.stdout.write("torch is as it was\n")


if __name__ == "__main__":
    main()
