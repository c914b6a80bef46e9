"""A file of a foreign module: which methods it has is told, and its results come in the order of their class."""

from __future__ import annotations

import dataclasses
import io
import warnings
from collections import OrderedDict
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import ScriptkitWarning

X = torch.rand(3)


class Lowered(nn.Module):
    def forward(self, x: Tensor, **_options: object) -> Tensor:
        return x * 2

    @torch.jit.export
    def reset(self, number: int) -> int:
        return number + 1


class Hidden(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.reset = lambda number: number  # type: ignore[method-assign]

    def forward(self, x: Tensor) -> Tensor:
        return x * 2

    @torch.jit.export
    def reset(self, number: int) -> int:
        return number + 1


class Whole(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2

    @torch.jit.export
    def reset(self, number: int) -> int:
        return number + 1


@pytest.mark.parametrize(
    ("cls", "why"), [(Lowered, "does not script"), (Hidden, "attribute of the same name hides it")]
)
def test_an_exported_method_that_is_in_no_file_is_told_twice(cls: type[nn.Module], why: str) -> None:
    with pytest.warns(ScriptkitWarning, match=f"exported method `reset` of {cls.__name__}: in no file.*{why}"):
        compiled = scriptkit.compile(cls(), (X,))
    with pytest.warns(ScriptkitWarning, match="exported method `reset`"):
        scriptkit.save(compiled, io.BytesIO())


def test_one_that_is_there_needs_no_word() -> None:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ScriptkitWarning)
        scriptkit.save(scriptkit.compile(Whole(), (X,)), file)
    file.seek(0)
    assert torch.jit.load(file).reset(2) == 3


@dataclasses.dataclass
class Fields:
    zeta: Tensor
    alpha: list[Tensor]


class Pair(NamedTuple):
    zeta: Tensor
    alpha: list[Tensor]


@dataclasses.dataclass
class Output(OrderedDict[str, Any]):
    """As the outputs of transformers are: a dictionary with fields in an order of their own."""

    zeta: Any = None
    alpha: Any = None

    def __post_init__(self) -> None:
        self["zeta"], self["alpha"] = self.zeta, self.alpha


@pytest.mark.parametrize("kind", [Fields, Pair, Output, dict])
def test_fields_keep_the_order_of_their_class(kind: Any) -> None:
    class Model(nn.Module):
        def forward(self, x: Tensor, **_options: object) -> Any:
            return kind(zeta=x + 1, alpha=[x, x + 2])

    compiled = scriptkit.compile(Model(), (X,))
    assert type(compiled(X)) is type(Model()(X))
    file = io.BytesIO()
    scriptkit.save(compiled, file, example_inputs=(X,))
    file.seek(0)
    first, second = torch.jit.load(file)(X)
    assert torch.equal(first, X + 1)
    assert torch.equal(second[1], X + 2)


@pytest.mark.parametrize("kind", [Fields, Pair, Output])
@pytest.mark.parametrize("mode", ["lowered", "trace"])
def test_a_file_gives_a_named_tuple_with_the_fields_of_the_class(kind: Any, mode: str) -> None:
    class Model(nn.Module):
        def forward(self, x: Tensor, **_options: object) -> Any:
            return kind(zeta=x + 1, alpha=[x, x + 2])

    compiled = scriptkit.compile(Model(), (X,), modes={"": mode})
    assert scriptkit.report(compiled).rows[0].mode == mode
    assert type(compiled(X)) is type(Model()(X))
    scriptkit.verify(compiled, (X,))
    for inputs in ((X,), None):
        file = io.BytesIO()
        scriptkit.save(compiled, file, example_inputs=inputs)
        file.seek(0)
        result = torch.jit.load(file)(X)
        assert result._fields == ("zeta", "alpha")
        assert torch.equal(result.zeta, X + 1)
        assert torch.equal(result.alpha[1], X + 2)
        file.seek(0)
        [method] = scriptkit.load(file).manifest.methods
        assert f"{kind.__name__}_" in method.returns
        assert method.result_fields == ["zeta", "alpha"]


def test_what_has_no_type_of_torchscripts_stays_a_tuple() -> None:
    class Model(nn.Module):
        def forward(self, x: Tensor, **_options: object) -> Any:
            return Output(zeta=x + 1, alpha=None)

    compiled = scriptkit.compile(Model(), (X,))
    file = io.BytesIO()
    scriptkit.save(compiled, file, example_inputs=(X,))
    file.seek(0)
    first, second = torch.jit.load(file)(X)
    assert torch.equal(first, X + 1)
    assert second is None


class OwnPair(scriptkit.ScriptableModule):
    def forward(self, x: Tensor) -> Pair:
        return Pair(x, [x])


class Keys(nn.Module):
    def forward(self, x: Tensor, **_options: object) -> Any:
        return {"zeta": x, "alpha": x + 1}


class Nothing(nn.Module):
    def forward(self, x: Tensor, **_options: object) -> Any:
        return Output(zeta=x, alpha=None)


@pytest.mark.parametrize(
    "made", [OwnPair, lambda: scriptkit.compile(Keys(), (X,)), lambda: scriptkit.compile(Nothing(), (X,))]
)
def test_the_manifest_has_the_names_also_without_examples(made: Any) -> None:
    file = io.BytesIO()
    scriptkit.save(made(), file)
    file.seek(0)
    [method] = scriptkit.load(file).manifest.methods
    assert method.result_fields == ["zeta", "alpha"]


class Empties(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, x: Tensor) -> tuple[object, ...]:
        return x + 1, self.seen, {}, ([], x), ((), None)


class EmptyParts(NamedTuple):
    first: Tensor
    none: list[Tensor]
    nothing: dict[str, Tensor]


class NamedEmpties(nn.Module):
    def forward(self, x: Tensor, **_options: object) -> EmptyParts:
        return EmptyParts(x + 1, [], {})


@pytest.mark.parametrize("mode", ["lowered", "trace"])
@pytest.mark.parametrize("cls", [Empties, NamedEmpties])
def test_containers_without_items_are_in_the_results_of_a_file(cls: type[nn.Module], mode: str) -> None:
    file = io.BytesIO()
    scriptkit.save(scriptkit.compile(cls(), (X,), modes={"": mode}), file, example_inputs=(X,))
    file.seek(0)
    expected, given = cls()(X), torch.jit.load(file)(X)
    assert repr(given[1:]).replace(" ", "") == repr(tuple(expected)[1:]).replace(" ", "")
