"""The source of one function, found through its code object: files, notebook cells and anything in `linecache`."""

from __future__ import annotations

import ast
import contextlib
import inspect
import linecache
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Final

from scriptkit.errors import ScriptkitError
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType


_STARTS: Final = ("def ", "class ", "@", "async def ")


class SourceUnavailableError(ScriptkitError):
    """A function has no source text, or its text is no longer the one it was made from."""


@dataclass(frozen=True)
class FunctionSource:
    """The text and tree of a function; line 1 of the tree is line `first_line` of the file, columns are the file's."""

    text: str
    tree: ast.FunctionDef
    path: str
    first_line: int

    @property
    def last_line(self) -> int:
        """The last line of the function in its file."""
        return self.first_line + self.text.count("\n")

    @property
    def self_name(self) -> str:
        """What a method calls its object: its first parameter."""
        arguments = (*self.tree.args.posonlyargs, *self.tree.args.args)
        return arguments[0].arg if arguments else "self"

    def contains(self, path: str, line: int) -> bool:
        """Whether a line of a file belongs to this function."""
        return self.path == path and self.first_line <= line <= self.last_line


def closure_of(function: FunctionType) -> dict[str, object]:
    """The names a function takes from the functions round it; a cell that is still empty is left out."""
    names = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # the cell is empty while its class or function is being made
            names[name] = cell.cell_contents
    return names


def names_in(code: CodeType) -> Iterator[str]:
    """Every name and string a function's code mentions, comprehensions included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from names_in(constant)


def function_source(function: FunctionType) -> FunctionSource:
    """Read and parse a function; raises `SourceUnavailableError` where that is impossible."""
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if len(lines) < code.co_firstlineno:
        raise SourceUnavailableError(_no_source(function))
    block = inspect.getblock(lines[code.co_firstlineno - 1 :])
    text = "".join(block)
    return FunctionSource(text, _tree_of(text, function), code.co_filename, code.co_firstlineno)


def lines_of(function: FunctionType) -> str:
    """The lines of a function, and maybe more, for a search that costs less than parsing; empty without source."""
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)[code.co_firstlineno - 1 :]
    last = max((line or 0 for *_, line in code.co_lines()), default=0) - code.co_firstlineno
    indentation = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    for index in range(last + 1, len(lines)):
        text = lines[index]
        if text.strip() and len(text) - len(text.lstrip()) <= indentation and text.lstrip().startswith(_STARTS):
            return "".join(lines[:index])
    return "".join(lines)


def _tree_of(text: str, function: FunctionType) -> ast.FunctionDef:
    try:
        tree = _parse_indented(text)
    except (SyntaxError, IndexError):  # lines of another text under the same name
        tree = None
    if isinstance(tree, ast.AsyncFunctionDef):
        tree = ast.copy_location(ast.FunctionDef(**dict(ast.iter_fields(tree))), tree)
    if not isinstance(tree, ast.FunctionDef) or not _is_source_of(tree, function):
        # every text that `exec` runs has that name, so that the lines of another one say nothing of this one
        is_of_any_text = function.__code__.co_filename == "<string>"
        raise SourceUnavailableError(_no_source(function) if is_of_any_text else _changed_source(function))
    return tree


def _parse_indented(text: str) -> ast.stmt:
    """Parse a function at any indentation, keeping the columns of the file."""
    if not text[:1].isspace():
        return syntax_tree(text).body[0]
    block = syntax_tree("if 1:\n" + text).body[0]
    assert isinstance(block, ast.If)  # noqa: S101 - it was just written above
    ast.increment_lineno(block, -1)
    return block.body[0]


def _is_source_of(tree: ast.FunctionDef, function: FunctionType) -> bool:
    """Whether a tree can be the source of a function; an edited file shifts its lines."""
    code = function.__code__
    arguments = tree.args
    named = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    count = code.co_argcount + code.co_kwonlyargcount
    return tree.name == code.co_name and [mangled(n, function) for n in named] == list(code.co_varnames[:count])


def mangled(name: str, function: FunctionType) -> str:
    """Python's own spelling of a private name (`__name`) in a method of a class."""
    class_name = function.__qualname__.rpartition(".")[0].rpartition(".")[2].lstrip("_")
    if class_name in ("", "<locals>") or not name.startswith("__") or name.endswith("__"):
        return name
    return f"_{class_name}{name}"


def _no_source(function: FunctionType) -> str:
    return (
        f"`{function.__qualname__}` has no source text (its code is from `{function.__code__.co_filename}`): "
        "the compiler reads source; define the class in a file or a notebook cell, or put the text into `linecache`"
    )


def _changed_source(function: FunctionType) -> str:
    code = function.__code__
    if code.co_name == "<lambda>":
        place = f"{code.co_filename}:{code.co_firstlineno}"
        return f"`{function.__qualname__}` at {place} is a lambda: the compiler reads functions made by `def`"
    return (
        f"line {code.co_firstlineno} of `{code.co_filename}` is no longer the source of `{function.__qualname__}`: "
        "the file changed after it was imported; reload the module or restart the process"
    )
