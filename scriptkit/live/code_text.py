"""Whether a piece of text is what a code object was made from, and the piece that a function or class is written in.

Nothing tells it for sure once a file may have been edited: what the text mentions is compared with what the code does.
"""

from __future__ import annotations

import ast
import linecache
import re
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType

_LONGEST_QUOTE = 100
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Block(NamedTuple):
    """Whole lines of a file, from its line `first` on."""

    path: str
    first: int
    text: str

    @property
    def last(self) -> int:
        """The last line."""
        return self.first + max(len(self.text.splitlines()) - 1, 0)

    def contains(self, line: int) -> bool:
        """Whether a line of the file is one of these."""
        return self.first <= line <= self.last

    def encloses(self, other: Block) -> bool:
        """Whether another block is a part of this one."""
        return other != self and other.path == self.path and self.first <= other.first and other.last <= self.last


_kept: dict[str, list[str]] = {}


def keep_lines(path: str, namespace: dict[str, Any] | None = None) -> None:
    """Remember the lines of a file as they are now: it may be edited or deleted while its classes live on."""
    lines = linecache.getlines(path, namespace)
    if lines:
        _kept[path] = lines


def kept_paths() -> list[str]:
    """The files whose lines were kept, the last one first."""
    return [*_kept][::-1]


def names_in_text(text: str) -> set[str]:
    """Every name that a definition reads, in decorators, annotations and quotes of them too."""
    found: set[str] = set()
    for node in ast.walk(syntax_tree(textwrap.dedent(text))):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < _LONGEST_QUOTE:
            found.update(re.findall(r"[^\W\d]\w*", node.value))
    return found


def versions_of(path: str) -> list[list[str]]:
    """The lines of a file as they were kept, and as they are."""
    return [lines for lines in (_kept.get(path), linecache.getlines(path)) if lines]


def definitions(lines: Sequence[str]) -> list[_Definition]:
    """Every function and class of a text."""
    try:
        tree = syntax_tree("".join(lines))
    except (SyntaxError, ValueError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, _Definition)]


def first_line(node: _Definition) -> int:
    """The line of a definition, or of its first decorator: what Python counts from."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def block_of(path: str, lines: Sequence[str], node: _Definition) -> Block:
    """The lines of a definition."""
    first = first_line(node)
    return Block(path, first, "".join(lines[first - 1 : node.end_lineno]))


def is_text_of(node: ast.AST, code: CodeType) -> bool:
    """Whether a function may have been compiled from a definition: nothing is mentioned that the code does not."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name != code.co_name:
        return False
    arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if len(arguments) != len(taken) or not all(map(_is_mangled, arguments, taken)):
        return False
    alone = ast.Module([_without_surroundings(node)], [])
    try:
        module = compile(alone, code.co_filename, "exec", dont_inherit=True, flags=0)
    except (SyntaxError, ValueError, TypeError):
        return False
    made = next((c for c in module.co_consts if hasattr(c, "co_name") and c.co_name == code.co_name), None)
    return made is not None and _mentions(made) <= {*_mentions(code), code.co_name}


def _without_surroundings(node: Any) -> Any:
    """The function without decorators, defaults and annotations, which are evaluated where it is defined."""
    copied = syntax_tree(ast.unparse(node)).body[0]
    assert isinstance(copied, (ast.FunctionDef, ast.AsyncFunctionDef))  # noqa: S101 - the same kind was written
    copied.decorator_list = []
    copied.returns = None
    return ast.fix_missing_locations(copied)


def _is_mangled(written: str, taken: str) -> bool:
    return taken == written or (written.startswith("__") and taken.startswith("_") and taken.endswith(written))


def _mentions(code: CodeType) -> set[object]:
    """Names and constants of a function and of those in it; names without the classes and functions round them."""
    return {_bare(item) for item in _items(code)}


def _bare(item: object) -> object:
    if isinstance(item, str):
        item = item.rpartition(".<locals>.")[2]  # what is defined inside has its whole name as a constant
    if isinstance(item, str) and item.startswith("_") and "__" in item[1:] and not item.endswith("__"):
        return item[item.index("__", 1) :]
    return (type(item), item) if isinstance(item, (int, float, complex)) else item


def _items(code: CodeType) -> Iterator[object]:
    yield from (*code.co_names, *code.co_freevars, *code.co_cellvars, *code.co_varnames)
    told = code.co_firstlineno if "__firstlineno__" in code.co_names else None  # a class, from Python 3.13 on
    for constant in code.co_consts:
        if hasattr(constant, "co_consts"):
            yield from _items(constant)
        elif isinstance(constant, (int, float, complex, str, bytes)) and constant != told:
            yield constant
