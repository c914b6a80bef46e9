"""Annotations in every spelling the compiler takes, and those it does not."""

from __future__ import annotations

import ast

import pytest

from scriptkit.language import read
from scriptkit.language.annotations import Annotations

HEADER = """
import enum, typing, typing as t, torch, torch as th, collections.abc
from torch import Tensor, nn
from typing import Annotated, Any, Dict, Final, Iterable, List, Literal, NamedTuple, Optional
from typing import Protocol, Tuple, TypeVar, Union
Pair = Tuple[int, int]
T = TypeVar("T")
class Mode(enum.Enum):
    A = 1
class Point(NamedTuple):
    x: Tensor
    n: int
class Net(nn.Module): ...
"""


def _read(text: str) -> tuple[str, list[str]]:
    reader = Annotations(read(HEADER))
    found, bad = reader.read(ast.parse(text, mode="eval").body)
    return str(found), [part.kind for part in bad]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tensor", "Tensor"),
        ("torch.Tensor", "Tensor"),
        ("th.Tensor", "Tensor"),
        ("torch.LongTensor", "Tensor"),
        ("nn.Parameter", "Tensor"),
        ("'Tensor'", "Tensor"),
        ("torch.dtype", "int"),
        ("torch.device", "torch.device"),
        ("List[int]", "List[int]"),
        ("list[int]", "List[int]"),
        ("typing.List[int]", "List[int]"),
        ("t.Dict[str, 'Tensor']", "Dict[str, Tensor]"),
        ("dict[str, list[Tensor]]", "Dict[str, List[Tensor]]"),
        ("Optional[Tensor]", "Optional[Tensor]"),
        ("Tensor | None", "Optional[Tensor]"),
        ("Union[Tensor, None]", "Optional[Tensor]"),
        ("int | float | None", "Optional[Union[float, int]]"),
        ("Tuple[Tensor, int]", "Tuple[Tensor, int]"),
        ("Tuple[()]", "Tuple[()]"),
        ("Final[int]", "int"),
        ("Annotated[int, 'seconds']", "int"),
        ("Pair", "Tuple[int, int]"),
        ("Point", "Point"),
        ("Mode", "Mode"),
        ("Any", "Any"),
        ("None", "None"),
    ],
)
def test_spellings(text: str, shown: str) -> None:
    assert _read(text) == (shown, [])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Dict[int: str]", "malformed"),
        ("Dict[int]", "malformed"),
        ("[int]", "malformed"),
        ("int()", "malformed"),
        ("3", "malformed"),
        ("'List[int'", "malformed"),
        ("Iterable[Tensor]", "unsupported"),
        ("collections.abc.Sequence[int]", "unsupported"),
        ("Literal['a']", "unsupported"),
        ("Tuple[int, ...]", "unsupported"),
        ("object", "unsupported"),
        ("torch.Size", "unsupported"),
        ("nn.Linear", "unsupported"),
        ("Net", "unsupported"),
        ("T", "typevar"),
    ],
)
def test_what_names_no_type_is_recognised_and_unknown(text: str, kind: str) -> None:
    shown, kinds = _read(text)
    assert kinds == [kind]
    assert shown == "Unknown"


def test_a_quoted_union_is_understood_although_the_compiler_does_not() -> None:
    assert _read("'Tensor | None'") == ("Optional[Tensor]", ["quoted-union"])
    assert _read("List['int | None']") == ("List[Optional[int]]", ["quoted-union"])


def test_a_name_from_elsewhere_is_unknown_and_nothing_is_wrong_with_it() -> None:
    assert _read("mylib.Thing") == ("Unknown", [])
    assert _read("Optional[mylib.Thing]")[1] == []
