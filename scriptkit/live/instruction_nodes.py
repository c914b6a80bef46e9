"""Which expression an instruction was made of, where code has lines only: Python 3.10, and `-X no_debug_ranges`.

The text is compiled once more, with a number for each node in place of its line; the same instruction then has the
number of its node.
"""

from __future__ import annotations

import ast
import dis
import functools
import linecache
from difflib import SequenceMatcher
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.language.parsing import PARSING, syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

_AFTER_THEIR_VALUE = ("POP_JUMP", "JUMP_IF", "TO_BOOL", "GET_ITER")
"""Instructions of a whole statement that ask the value which the one before has made."""
_IGNORED = ("NOP", "EXTENDED_ARG", "CACHE")


class Span(NamedTuple):
    """Where a node stands; lines count from 1, columns in bytes from 0."""

    line: int
    end_line: int
    column: int
    end_column: int


def span_of(code: CodeType, instruction: int) -> Span | None:
    """Where the instruction at an offset was written; None where the file does not hold the text of the code."""
    text = "".join(linecache.getlines(code.co_filename))
    return _spans(code, code.co_filename, text).get(instruction)


@functools.lru_cache(maxsize=256)
def _spans(code: CodeType, path: str, text: str) -> dict[int, Span]:
    numbered, places = _numbered(path, text)
    for other in numbered:
        first = places.get(other.co_firstlineno)
        if other.co_name == code.co_name and first is not None and first.line == code.co_firstlineno:
            return {offset: places[number] for offset, number in _aligned(code, other) if number in places}
    return {}


@functools.lru_cache(maxsize=8)
def _numbered(path: str, text: str) -> tuple[tuple[CodeType, ...], dict[int, Span]]:
    """All code of a text, its lines the numbers of nodes, and where these are. Nodes within others have less."""
    try:
        tree = syntax_tree(text, path)
    except (SyntaxError, ValueError):
        return (), {}
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.stmt, ast.expr, ast.excepthandler))]
    places = {}
    for number, node in zip(range(len(nodes), 0, -1), nodes, strict=True):
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        places[number] = Span(node.lineno, end_line, node.col_offset, end_column)
        node.lineno = node.end_lineno = number
        node.col_offset = node.end_col_offset = 0
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node.func.end_lineno = node.lineno  # the line that the call of a method gets
    with PARSING:
        return tuple(_with_inner(compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True))), places


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)


def _aligned(code: CodeType, numbered: CodeType) -> Iterator[tuple[int, int]]:
    """Offset of an instruction to the number of its node; where lines differ, so do some jumps."""
    ours, theirs = _instructions(code), _instructions(numbered)
    lines = _lines(numbered)
    matcher = SequenceMatcher(None, [_kind(one) for one in ours], [_kind(one) for one in theirs], autojunk=False)
    for block in matcher.get_matching_blocks():
        for index in range(block.size):
            mine, other = ours[block.a + index], block.b + index
            while theirs[other].opname.startswith(_AFTER_THEIR_VALUE) and other > 0:
                other -= 1
            yield mine.offset, lines[theirs[other].offset]


def _instructions(code: CodeType) -> list[dis.Instruction]:
    return [one for one in dis.get_instructions(code) if one.opname not in _IGNORED]


def _kind(one: dis.Instruction) -> tuple[str, str]:
    named = one.opcode in dis.hasname or one.opcode in dis.haslocal or one.opcode in dis.hasfree
    # round a jump, which lines may make superfluous, the condition is the opposite
    return one.opname.replace("IF_TRUE", "IF_FALSE"), one.argrepr if named else ""


def _lines(code: CodeType) -> dict[int, int]:
    """The line of each instruction."""
    starts = dict(dis.findlinestarts(code))
    lines: dict[int, int] = {}
    line = code.co_firstlineno
    for offset in range(0, len(code.co_code), 2):
        line = starts.get(offset) or line
        lines[offset] = line
    return lines
