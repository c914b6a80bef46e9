"""The indented code in the docstrings of the package, which the tests run."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parent.parent / "scriptkit"
INDENTED = re.compile(r"(?:^ {4}.*\n|^\n(?= {4}))+", re.MULTILINE)
OWNERS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Example:
    """Code that a docstring shows."""

    owner: str
    code: str


def examples() -> Iterator[Example]:
    """Every indented block of a docstring that is Python; drawings, tables and settings are not."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, OWNERS):
                continue
            name = f"{file.relative_to(PACKAGE.parent)}:{getattr(node, 'name', '')}"
            text = inspect.cleandoc(ast.get_docstring(node) or "") + "\n"
            yield from (Example(name, code) for block in INDENTED.findall(text) if (code := python(block)))


def python(block: str) -> str:
    """The block, if it is Python that does something."""
    code = textwrap.dedent(block).strip("\n") + "\n"
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return ""
    does = (ast.ClassDef, ast.FunctionDef, ast.Call, ast.Assign, ast.Import, ast.ImportFrom, ast.With)
    return code if any(isinstance(node, does) for node in ast.walk(tree)) else ""
