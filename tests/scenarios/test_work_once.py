"""A type is compiled once: for the second instance, for the first call and for a file nothing is compiled again."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.engines.torchscript.engine.making import compilations

Counts = dict[str, int]


def compiled_in(action: Any) -> Counts:
    before = compilations.copy()
    action()
    return {cls.__name__: count for cls, count in (compilations - before).items()}


def classes(*, foreign_scripts: bool) -> tuple[type[ScriptableModule], type[nn.Module]]:
    """A scriptable class round one foreign module, both new."""

    class Foreign(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)
            self.table = {"a": [1, "x"]}

        def forward(self, x: Tensor, **options: Any) -> Tensor:
            return self.fc(x) * self.table["a"][0]  # type: ignore[operator]

    class Scripting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(x)

    kind = Scripting if foreign_scripts else Foreign

    class Net(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.inner = kind()
            self.head = nn.Linear(4, 4)

        def example_inputs(self) -> tuple[Tensor]:
            return (torch.zeros(2, 4),)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.inner(x))

    return Net, kind


@pytest.mark.parametrize("foreign_scripts", [True, False])
def test_each_class_is_compiled_once(foreign_scripts: bool) -> None:
    net_class, kind = classes(foreign_scripts=foreign_scripts)
    made: list[ScriptableModule] = []
    first = compiled_in(lambda: made.append(net_class()))
    assert first.pop("Linear", 1) == 1
    assert first == {"Net": 1, kind.__name__: 1}
    assert compiled_in(net_class) == {}
    assert compiled_in(lambda: made[0](torch.ones(2, 4))) == {}
    assert compiled_in(lambda: scriptkit.save(made[0], io.BytesIO())) == {}
    assert compiled_in(lambda: scriptkit.save(made[0], io.BytesIO())) == {}


def test_two_hundred_equal_children_that_do_not_script_are_refused_once() -> None:
    _, kind = classes(foreign_scripts=False)

    class Wide(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList(kind() for _ in range(200))

        def forward(self, x: Tensor) -> Tensor:
            for part in self.parts:
                x = part(x)
            return x

    counts = compiled_in(Wide)
    assert counts["Foreign"] <= 3  # once, and again to look for further errors to tell
    assert counts.get("Wide", 0) <= 2


def test_a_refused_class_is_compiled_again_once_its_code_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    _, kind = classes(foreign_scripts=False)

    def forward(self: Any, x: Tensor) -> Tensor:
        return self.fc(x) * 2  # type: ignore[no-any-return]

    x = torch.ones(2, 4)
    with pytest.raises(scriptkit.CompilationError):
        scriptkit.compile(kind(), modes={"": "script"}, example_inputs=(x,))
    monkeypatch.setattr(kind, "forward", forward)
    module = kind()
    net = scriptkit.compile(module, modes={"": "script"}, example_inputs=(x,))
    assert torch.equal(net(x), module(x))
