"""What a call does to the caller's own lists, dictionaries and objects is refused, at its line: no program does it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.live.containers import Containers


class Settings:
    """An object of the caller's, without tensors."""

    def __init__(self) -> None:
        self.calls = 0


class Grows(nn.Module):
    def forward(self, x: Tensor, kept: Any) -> Tensor:
        kept.append(x + 1)
        return x * 2


class Fills(nn.Module):
    def forward(self, x: Tensor, kept: Any) -> Tensor:
        kept["inner"]["new"] = x
        return x * 2


class Adds(nn.Module):
    def forward(self, x: Tensor, kept: Any) -> Tensor:
        kept.add(5)
        return x * 2


class Counts(nn.Module):
    def forward(self, x: Tensor, kept: Any) -> Tensor:
        kept.calls += 1
        return x * 2


class Exchanges(nn.Module):
    def forward(self, x: Tensor, kept: Any) -> Tensor:
        kept[0] = kept[0] + 1
        return x * 2


class GrowsWhenLong(nn.Module):
    def forward(self, x: Tensor, kept: Any) -> Tensor:
        if x.shape[0] > 4:
            kept.append(x)
        return x * 2


class OnACopy(nn.Module):
    def forward(self, x: Tensor, kept: Any) -> list[Tensor]:
        kept = list(kept)
        kept.append(x)
        return kept  # type: ignore[no-any-return]


CHANGING = [
    (Grows(), lambda: [torch.ones(2)], "'kept'"),
    (Fills(), lambda: {"inner": {}}, "'kept['inner']'"),
    (Adds(), lambda: {1}, "'kept'"),
    (Counts(), Settings, "'kept'"),
    (Exchanges(), lambda: [torch.ones(2)], "'kept'"),
    (Exchanges(), lambda: [3], "'kept'"),
]


@pytest.mark.parametrize(("module", "make", "name"), CHANGING, ids=lambda value: type(value).__name__)
def test_a_change_of_what_the_caller_holds_is_refused_at_its_line(module: nn.Module, make: Any, name: str) -> None:
    given = make()
    before = list(vars(given).items()) if isinstance(given, Settings) else list(given)
    with pytest.raises(scriptkit.ExportError, match="which is the caller's") as caught:
        scriptkit.export_program(module, (torch.ones(3, 2), given))
    (found,) = caught.value.diagnostics
    assert name in found.message
    assert found.line == type(module).forward.__code__.co_firstlineno + 1
    assert "copy" in found.help
    assert (list(vars(given).items()) if isinstance(given, Settings) else list(given)) == before


def test_readiness_and_every_keyword_say_it_too() -> None:
    kept = [torch.ones(2)]
    report = scriptkit.readiness(Grows(), (torch.ones(3, 2),), example_kwargs={"kept": kept}, engines=("export",))
    assert report.rows[0]["export"].verdict == "no"
    assert "the caller's" in report.rows[0]["export"].reason
    assert len(kept) == 1


def test_a_change_at_other_sizes_only_is_no_call_of_the_program() -> None:
    module = GrowsWhenLong()
    exported = scriptkit.export_program(module, (torch.ones(3, 2), [torch.ones(2)]))
    assert torch.equal(exported(torch.ones(2, 2), [torch.ones(2)]), torch.ones(2, 2) * 2)
    with pytest.raises(scriptkit.ExportError, match=r"dimension 0 of 'x'|cannot take this call"):
        exported(torch.ones(6, 2), [torch.ones(2)])


def test_a_copy_may_be_changed() -> None:
    exported = scriptkit.export_program(OnACopy(), (torch.ones(3, 2), [torch.ones(2)]))
    assert len(exported(torch.ones(5, 2), [torch.zeros(2)])) == 2


def test_containers_are_named_as_the_function_names_them() -> None:
    def method(x: Any, *more: Any, **options: Any) -> None: ...

    inner: list[int] = []
    queue: deque[int] = deque()
    cases: list[tuple[tuple[Any, ...], dict[str, Any], Callable[[], object], str]] = [
        (((inner,),), {}, lambda: inner.append(1), "x[0]"),
        ((1, 2, queue), {}, lambda: queue.append(1), "more[1]"),
        ((1,), {"option": inner}, inner.clear, "option"),
    ]
    for args, kwargs, change, name in cases:
        containers = Containers(method, args, kwargs)
        assert containers.changed() == ""
        change()
        assert containers.changed() == name
    assert Containers(method, (), {}).changed() == ""  # the call itself says that an argument is missing


def test_what_holds_itself_is_looked_at_once() -> None:
    def method(x: Any) -> None: ...

    own: list[Any] = []
    own.append(own)
    containers = Containers(method, (own,), {})
    assert containers.changed() == ""
    own.append(1)
    assert containers.changed() == "x"
