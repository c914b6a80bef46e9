"""Aliases of types: `type Floats = list[float]` since Python 3.12, `TypeAliasType` before it; torch knows neither."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
import torch

import scriptkit
from scriptkit import CompilationError, ScriptabilityError
from tests.rules.loading import load_file

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

HEAD = """\
from typing import Dict, Final, List, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn
from typing_extensions import TypeAliasType

import scriptkit
from scriptkit import ScriptableModule, export, ignore
"""
CALLS = """
Floats = TypeAliasType("Floats", List[float])
Nested = TypeAliasType("Nested", List[Floats])
Seen = TypeAliasType("Seen", Dict[str, Nested])
Many = TypeAliasType("Many", Sequence[Tensor])
Itself = TypeAliasType("Itself", "List[Itself]")
"""
STATEMENTS = """
type Floats = List[float]
type Nested = List[Floats]
type Seen = Dict[str, Nested]
type Pair[T] = Tuple[T, T]
type Many = Sequence[Tensor]
type Itself = List[Itself]
"""
MODEL = """
class Row(NamedTuple):
    total: Tensor
    parts: Floats
    size: int = 3


def longest(rows: List[Nested]) -> int:
    most: Floats = []
    for row in rows:
        most.append(float(len(row)))
    return int(max(most))


class Net(ScriptableModule, check_save=False):
    seen: Seen
    sizes: Final[Floats]
    rows: List[Row]

    def __init__(self) -> None:
        super().__init__()
        self.seen = {}
        self.sizes = [1.0, 2.0]
        self.rows = [Row(torch.ones(1), [3.0])]

    @ignore
    def told(self, row: Row, parts: Floats) -> Floats:
        return [*row.parts, *parts]

    def forward(self, x: Tensor, parts: Floats, seen: Optional[Seen] = None) -> Row:
        if seen is not None:
            x = x + longest([seen["a"]])
        for size in self.sizes:
            x = x * size
        y: Nested = [parts]
        return Row(x + self.rows[0].total, self.told(self.rows[0], y[0]))
"""
PAIR = """
class Twice[T](nn.Module):
    def forward(self, x: Tensor, pair: Pair[Tensor]) -> Pair[Tensor]:
        return x, pair[0]
"""
since_3_12 = pytest.mark.skipif(not hasattr(ast, "TypeAlias"), reason="`type X = ...` came with Python 3.12")
spelt = pytest.mark.parametrize("aliases", [CALLS, pytest.param(STATEMENTS, marks=since_3_12)])


def module(folder: Path, text: str) -> ModuleType:
    """The module that a text is."""
    path = folder / f"aliased_{abs(hash(text))}.py"
    path.write_text(HEAD + text)
    return load_file(path)


@spelt
def test_an_alias_is_the_type_it_stands_for(aliases: str, tmp_path: Path) -> None:
    assert [d.name for d in scriptkit.check_source(HEAD + aliases + MODEL)] == ["python-call"]  # of the ignored method
    names = module(tmp_path, aliases + MODEL)
    net = names.Net()
    x, seen = torch.rand(2), {"a": [[1.0], [2.0, 3.0]]}
    found = net(x, [4.0], seen)
    assert scriptkit.is_compiled(net)
    assert type(found) is names.Row
    assert torch.equal(found.total, (x + 2) * 2 + 1)
    assert (found.parts, found.size) == ([3.0, 4.0], 3)


@spelt
def test_what_an_alias_stands_for_is_checked(aliases: str) -> None:
    model = "class Net(ScriptableModule):\n    def forward(self, x: Tensor, y: Floats) -> Tensor:\n        return y\n"
    [found] = scriptkit.check_source(HEAD + aliases + model)
    assert found.message == "`forward` is declared to return `Tensor`, and returns `List[float]`"


@spelt
@pytest.mark.parametrize("name", ["Many", "Itself"])
def test_an_alias_of_what_is_no_type_is_refused_where_it_is_used(aliases: str, name: str, tmp_path: Path) -> None:
    model = f"class Net(ScriptableModule):\n    def forward(self, x: Tensor, y: {name}) -> Tensor:\n        return x\n"
    text = aliases + model
    [found] = scriptkit.check_source(HEAD + text)
    assert found.message == f"`{name}` is no type in TorchScript"
    with pytest.raises(ScriptabilityError) as refused:
        module(tmp_path, text)
    assert [d.message for d in refused.value.diagnostics] == [found.message]


def test_an_alias_whose_value_cannot_be_had_is_an_error_that_names_it(tmp_path: Path) -> None:
    text = (
        "Later = TypeAliasType('Later', List['Missing'])\n"
        "class Net(ScriptableModule):\n    def forward(self, x: Tensor, y: Later) -> Tensor:\n        return x\n"
    )
    with pytest.raises(CompilationError, match="unknown type name 'Later'"):
        module(tmp_path, text).Net()


@since_3_12
def test_an_alias_with_parameters_is_filled_in(tmp_path: Path) -> None:
    made = module(tmp_path, STATEMENTS + PAIR).Twice()
    compiled = scriptkit.compile(made, (torch.ones(1), (torch.zeros(1), torch.ones(1))))
    assert str(scriptkit.report(compiled)).split()[2] == "script"
    assert compiled(torch.ones(1), (torch.zeros(1), torch.ones(1))) == (torch.ones(1), torch.zeros(1))


@since_3_12
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "class Net(ScriptableModule):\n    def forward[T](self, x: T) -> T:\n        return x\n",
            "the signature of `forward` contains the type variable `T`",
        ),
        (
            "class Net[T](ScriptableModule):\n    def forward(self, x: List[T]) -> int:\n        return len(x)\n",
            "the signature of `forward` contains the type variable `T`",
        ),
        (
            "class N(ScriptableModule):\n    def forward(self, x: int) -> int:\n        type F = int\n        return x",
            "`F` is defined inside `forward`",
        ),
    ],
)
def test_the_rest_of_that_syntax_has_words(text: str, message: str) -> None:
    assert [d.message for d in scriptkit.check_source(HEAD + text)] == [message]
