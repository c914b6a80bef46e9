"""Arguments are matched to schemas as the compiler matches them."""

from __future__ import annotations

from scriptkit.language import operators
from scriptkit.language.inference.matching import Match, Mismatch, resolve
from scriptkit.language.types import FLOAT, INT, STR, TENSOR, Tuple, optional


def _resolve(name: str, *given: object) -> Match | list[Mismatch]:
    return resolve(operators.overloads(name), given, {})  # type: ignore[arg-type]


def test_overloads_are_chosen_in_the_compilers_order() -> None:
    found = _resolve("max", TENSOR, INT)
    assert isinstance(found, Match)
    assert isinstance(found.returns, Tuple)
    assert found.returns.fields == ("values", "indices")
    assert getattr(_resolve("add", INT, FLOAT), "returns", None) is FLOAT
    assert getattr(_resolve("mul", INT, TENSOR), "returns", None) is TENSOR


def test_the_rest_of_the_arguments_may_be_a_list() -> None:
    assert isinstance(_resolve("view", TENSOR, INT, INT), Match)
    assert isinstance(_resolve("view", TENSOR, Tuple([INT, INT])), Match)
    assert not isinstance(_resolve("view", TENSOR, INT, FLOAT), Match)


def test_an_optional_or_a_string_matches_no_tensor() -> None:
    assert not isinstance(_resolve("add", optional(TENSOR), TENSOR), Match)
    assert not isinstance(_resolve("relu", STR), Match)
