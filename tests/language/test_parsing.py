"""Texts are parsed one at a time; where code that knows nothing of it parses as well, it is done again."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from scriptkit.language.parsing import syntax_tree


def failing(times: int) -> Any:
    """`ast.parse` as it is where other threads parse: CPython counts the depth of all of them as one."""
    parse, met = ast.parse, []

    def parsing(*args: Any, **kwargs: Any) -> Any:
        met.append(1)
        if len(met) <= times:
            raise SystemError("AST constructor recursion depth mismatch (before=57, after=91)")
        return parse(*args, **kwargs)

    return parsing


def test_a_parse_that_others_disturbed_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ast, "parse", failing(3))
    assert isinstance(syntax_tree("1 + 1", mode="eval").body, ast.BinOp)


def test_one_that_never_works_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ast, "parse", failing(1000))
    with pytest.raises(SystemError, match="recursion depth"):
        syntax_tree("1 + 1")
