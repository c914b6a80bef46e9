"""The reference of TorchScript: the installed torch takes and refuses what the page says it does."""

from __future__ import annotations

import ast
import importlib.util
import sys
import warnings
from pathlib import Path

import pytest
import torch

from scriptkit.language.annotations import PLAIN
from scriptkit.language.inference import arithmetic, builtin_functions, comparisons
from scriptkit.rules.examples import HEADER
from tools.language_examples import BUILTINS, EXPRESSIONS, STATEMENTS
from tools.language_reference import PAGE, Line, all_lines, text

# names the tables have besides, which cannot be called alone in a program
OTHER_BUILTINS = {"__import__", "super", "staticmethod", "compile", "exec", "property", "classmethod"}


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return list(all_lines())


def compiles(program: str, file: Path) -> bool:
    """Whether torch takes a program, a file of its own, and can save what it makes of it."""
    file.write_text(f"{HEADER}\n\n{program}", encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spec.loader.exec_module(module)
            torch.jit.script(module.Model()).save_to_buffer()  # a Python function called from compiled code is no file
    except Exception:  # noqa: BLE001 - torch refuses with errors of many types
        return False
    finally:
        del sys.modules[file.stem]
    return True


def test_torch_says_the_same_of_every_line(lines: list[Line], tmp_path: Path) -> None:
    wrong = [
        f"{one.title} {one.code}: the page says {one.verdict}"
        for number, one in enumerate(lines)
        if compiles(one.program, tmp_path / f"program_{number}.py") == bool(one.refused_by)
    ]
    assert wrong == []


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == text()


SINCE_PYTHON_3_12 = {"TypeAlias"}
"""Statements without an example: Python 3.11, which writes the page, could not read one."""
KNOWN = {name: body for name, body in {**STATEMENTS, **EXPRESSIONS}.items() if hasattr(ast, name)}
"""The examples that this Python reads: `except*` came with 3.11."""


def test_every_statement_and_expression_of_python_has_an_example() -> None:
    assert set(STATEMENTS) & set(KNOWN) == {kind.__name__ for kind in ast.stmt.__subclasses__()} - SINCE_PYTHON_3_12
    assert set(EXPRESSIONS) == {kind.__name__ for kind in ast.expr.__subclasses__()}


def test_each_example_contains_what_it_is_an_example_of() -> None:
    for name, body in KNOWN.items():
        tree = ast.parse("async def function():\n" + "\n".join(f"    {line}" for line in body.splitlines()))
        assert any(type(node).__name__ == name for node in ast.walk(tree)), name


def test_every_builtin_of_the_tables_has_an_example() -> None:
    tables = (builtin_functions.BUILTINS, builtin_functions.OPERATORS, builtin_functions.CASTS)
    known = {*builtin_functions.UNSUPPORTED, *builtin_functions.SETS}.union(*tables)
    assert known - OTHER_BUILTINS == set(BUILTINS)


def test_every_operator_and_type_of_the_tables_is_on_the_page(lines: list[Line]) -> None:
    titles = {one.title for one in lines}
    assert {text for _, text in (*arithmetic.BINARY.values(), *comparisons.COMPARE.values())} <= titles
    assert {name.removeprefix("builtins.").removeprefix("typing.") for name in PLAIN} <= titles
