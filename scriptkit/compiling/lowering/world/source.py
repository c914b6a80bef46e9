"""The syntax tree of a function, found through its code object; each file is parsed once."""

from __future__ import annotations

import ast
import linecache
import sys
from types import CodeType
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.world import private_names
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

FunctionTree = ast.FunctionDef | ast.Lambda
_COROUTINE = 0x80 | 0x200
_parsed: dict[str, tuple[str, dict[tuple[str, int], list[FunctionTree]]]] = {}


def tree_of(code: CodeType) -> FunctionTree:
    """The tree of a function or lambda; refused where there is no source, or more than one candidate."""
    if code.co_flags & _COROUTINE:
        raise RefusedError("generator-function", f"`{code.co_name}` is a coroutine")
    functions = _functions_of(path_of(code))
    found = functions.get((code.co_name, code.co_firstlineno), []) or _under_another_name(code, functions)
    if len(found) != 1:
        raise RefusedError("source-unavailable", f"`{code.co_name}` has no source text that can be evaluated")
    arguments = found[0].args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    count = code.co_argcount + code.co_kwonlyargcount
    if names != list(code.co_varnames[:count]):
        raise RefusedError("source-unavailable", f"the file of `{code.co_name}` changed after it was imported")
    return found[0]


def _under_another_name(code: CodeType, functions: dict[tuple[str, int], list[FunctionTree]]) -> list[FunctionTree]:
    """What a decorator made and gave another name in tracebacks: since torch 2.15, `no_grad` for what it decorates."""
    names = [name for name, line in functions if line == code.co_firstlineno and name != "<lambda>"]
    if not names:
        return []
    try:
        module = compile(_parsed[path_of(code)][0], code.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return []
    made = {c.co_name for c in _codes_in(module) if c == code.replace(co_name=c.co_name)}
    return [tree for name in names if name in made for tree in functions[name, code.co_firstlineno]]


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)


def path_of(code: CodeType) -> str:
    """The file of a function; modules that are frozen into Python have one too."""
    name = code.co_filename.removeprefix("<frozen ").removesuffix(">")
    if name == code.co_filename:
        return name
    return getattr(sys.modules.get(name), "__file__", None) or code.co_filename


def _functions_of(path: str) -> dict[tuple[str, int], list[FunctionTree]]:
    linecache.checkcache(path)
    text = "".join(linecache.getlines(path))
    known = _parsed.get(path)
    if known is None or known[0] != text:
        known = _parsed[path] = (text, _index(text))
    return known[1]


def _index(text: str) -> dict[tuple[str, int], list[FunctionTree]]:
    found: dict[tuple[str, int], list[FunctionTree]] = {}
    try:
        tree = syntax_tree(text)
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found.setdefault((node.name, line), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(("<lambda>", node.lineno), []).append(node)
    private_names.spell_out(tree, text)
    return found
