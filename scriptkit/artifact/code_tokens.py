"""Archived code cut into tokens, in the one spelling torch prints; everything else is refused.

Python's parser and torch's lexer read some texts differently: control characters, comments, continued lines, prefixes
and neighbours of strings, blanks within `is not`. None of it is in code that torch printed, so none of it is accepted,
and what is left has one reading. How deep brackets, blocks and chains of operators go is limited: torch reads them by
recursion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BRACKETS = 100
MOST_CHAINED = 400
MOST_BLOCKS = 400
STEP = 2
"""How much deeper torch prints each block."""

_CHARACTERS = re.compile(rb"[\n -~]*")
_TOKEN = re.compile(
    r"""(?P<name>[A-Za-z_]\w*)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?j?(?![\w.]))
    | (?P<string>"(?:[^"\\\n]|\\[\\'"abfnrtv]|\\[0-7]{3})*"|'(?:[^'\\\n]|\\[\\'"abfnrtv]|\\[0-7]{3})*')
    | (?P<sign><=>|\*\*=|<<=|>>=|\.\.\.|->|==|!=|<=|>=|//|<<|>>|\*\*|\+=|-=|\*=|/=|%=|\|=|&=|\^=
              |[-+*/%|&^~<>=.,:()\[\]{}])
    """,
    re.VERBOSE | re.ASCII,
)
_UNPRINTED = frozenset({"<=>", "**=", "<<=", ">>=", "...", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^="})
_OPENING, _CLOSING = {"(": ")", "[": "]", "{": "}"}, frozenset(")]}")
_CHAINING = frozenset("+ - * / // % ** & | ^ ~ << >> == != <= >= < > . not and or is in if".split())
_SEPARATING = frozenset({",", ":", "="})


class Token(NamedTuple):
    """A word, a number, a string or a sign."""

    kind: str
    text: str


class Line(NamedTuple):
    """One statement, or the head of a block: brackets may spread it over several lines of the text."""

    number: int
    depth: int
    tokens: list[Token]

    @property
    def opens(self) -> bool:
        """Whether a block follows."""
        return self.tokens[-1].text == ":"


def code_lines(name: str, text: bytes) -> Iterator[Line]:
    """The statements of one code entry; raises ArtifactError, naming the line, for what torch would not print."""
    if _CHARACTERS.fullmatch(text) is None:
        place = _CHARACTERS.match(text)
        number = text.count(b"\n", 0, place.end() if place else 0) + 1
        raise _unreadable(name, number, "it has a character that torch never prints")
    yield from _in_blocks(name, _Reader(name, text.decode("ascii")).lines())


def _in_blocks(name: str, lines: Iterator[Line]) -> Iterator[Line]:
    """The lines, once each has proven to be as deep as its block."""
    depth, is_opened = 0, False
    for line in lines:
        if line.depth > depth or (is_opened and line.depth != depth):
            raise _unreadable(name, line.number, "it is not as deep as its block")
        if line.depth > MOST_BLOCKS:
            raise _unreadable(name, line.number, f"its blocks nest more than {MOST_BLOCKS} deep")
        is_opened = line.opens
        depth = line.depth + is_opened
        yield line
    if is_opened:
        raise _unreadable(name, 0, "its last block is empty")


class _Reader:
    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.place, self.number = 0, 1
        self.brackets: list[str] = []
        self.chains = [0]

    def lines(self) -> Iterator[Line]:
        while self.place < len(self.text):
            if self.text[self.place] == "\n":
                self._skip("\n")
                continue
            start, number = self.place, self.number
            depth, rest = divmod(self._blanks(), STEP)
            tokens = list(self._statement())
            if rest or not tokens:
                raise self.unreadable("a line begins at an odd place, or holds nothing but blanks")
            yield Line(number, depth, tokens)
            if self.place == start:
                return

    def unreadable(self, why: str) -> ArtifactError:
        return _unreadable(self.name, self.number, why)

    def _skip(self, expected: str) -> None:
        self.number += expected == "\n"
        self.place += 1

    def _blanks(self) -> int:
        start = self.place
        while self.text.startswith(" ", self.place):
            self.place += 1
        return self.place - start

    def _statement(self) -> Iterator[Token]:
        before = Token("", "")
        self.chains = [0]
        while self.place < len(self.text):
            if self.text[self.place] == "\n":
                self._skip("\n")
                if not self.brackets:
                    return
                self._blanks()
                continue
            found = self._token(before)
            yield found
            before = found
        if self.brackets:
            raise self.unreadable("a bracket is never closed")

    def _token(self, before: Token) -> Token:
        found = _TOKEN.match(self.text, self.place)
        if found is None or found[0] in _UNPRINTED:
            raise self.unreadable("it has a sign that torch never prints")
        token = Token(str(found.lastgroup), found[0])
        blanks = self.text[self.place - 1 : self.place] == " " if before.text else True
        if _clash(before, token, has_blank=blanks):
            raise self.unreadable(f"`{before.text}` and `{token.text}` follow each other")
        self.place = found.end()
        self._nest(token.text)
        if self._blanks() > 1 or (self.text[self.place - 1] == " " and self._at_end()):
            raise self.unreadable("it has more blanks than torch prints")
        return token

    def _at_end(self) -> bool:
        return self.place == len(self.text) or self.text[self.place] == "\n"

    def _nest(self, sign: str) -> None:
        if sign in _CHAINING or sign in _OPENING:
            self.chains[-1] += 1
        elif sign in _SEPARATING:
            self.chains[-1] = 0
        if sign in _OPENING:
            self.brackets.append(_OPENING[sign])
            self.chains.append(0)
        elif sign in _CLOSING:
            if not self.brackets or self.brackets.pop() != sign:
                raise self.unreadable(f"`{sign}` closes no bracket")
            self.chains.pop()
        if len(self.brackets) > MOST_BRACKETS or sum(self.chains) > MOST_CHAINED:
            raise self.unreadable("an expression nests too deep")


def _clash(before: Token, token: Token, *, has_blank: bool) -> bool:
    """Whether two neighbours might be taken for something else."""
    words = {"name", "number", "string"}
    if before.kind == token.kind == "string":
        return True
    return not has_blank and before.kind in words and token.kind in words


def _unreadable(name: str, number: int, why: str) -> ArtifactError:
    return ArtifactError(f"the archived code `{name}` cannot be read at line {number}: {why}")
