"""What is a subtype of what, what branches unify to, and how types are printed."""

from __future__ import annotations

import pytest

from scriptkit.language.operators import parse_type
from scriptkit.language.types import (
    ANY,
    FLOAT,
    INT,
    NONE,
    NUMBER,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    List,
    Tuple,
    Type,
    is_optional,
    is_subtype,
    optional,
    unify,
    union,
    without_none,
)


@pytest.mark.parametrize(
    "text",
    ["int", "List[Tensor]", "Dict[str, List[int]]", "Tuple[Tensor, int]", "Optional[Tensor]", "Future[int]"],
)
def test_a_type_prints_as_the_user_writes_it(text: str) -> None:
    assert str(parse_type(text.replace(" ", ""))) == text


def test_union_prints_its_members_in_order() -> None:
    assert str(union([INT, STR])) == "Union[int, str]"
    assert str(union([INT, STR, NONE])) == "Optional[Union[int, str]]"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (INT, ANY),
        (INT, NUMBER),
        (NONE, optional(TENSOR)),
        (TENSOR, optional(TENSOR)),
        (Tuple([TENSOR, INT]), Tuple([optional(TENSOR), INT])),
        (List(UNKNOWN), List(INT)),
        (UNKNOWN, INT),
    ],
)
def test_subtypes(a: Type, b: Type) -> None:
    assert is_subtype(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (INT, FLOAT),
        (optional(TENSOR), TENSOR),
        (List(TENSOR), List(optional(TENSOR))),
        (Dict(STR, INT), Dict(STR, FLOAT)),
        (Tuple([INT]), List(INT)),
        (NONE, TENSOR),
    ],
)
def test_containers_are_invariant_and_numbers_do_not_convert(a: Type, b: Type) -> None:
    assert not is_subtype(a, b)


def test_unify_gives_the_wider_type_or_none() -> None:
    assert unify(TENSOR, NONE) == optional(TENSOR)
    assert unify(optional(TENSOR), TENSOR) == optional(TENSOR)
    assert unify(INT, FLOAT) is None
    assert unify(Tuple([INT, NONE]), Tuple([INT, TENSOR])) == Tuple([INT, optional(TENSOR)])
    assert unify(INT, STR, to_union=True) == union([INT, STR])


def test_what_is_unknown_stays_unknown() -> None:
    assert unify(INT, UNKNOWN) is UNKNOWN
    assert is_optional(optional(UNKNOWN))
    assert without_none(optional(UNKNOWN)) is UNKNOWN
    assert List(UNKNOWN).has_unknown
    assert not List(INT).has_unknown
