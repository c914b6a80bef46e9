"""The classes and functions of archived code: what they declare, and what torch computes while it loads them.

Read from the tokens, in the grammar of torch's printer. Of a class: attributes with their types, constants with their
literals, methods. Loading a file makes torch run three things of it: `__setstate__` methods, the default values of
parameters, and the values of class constants; the last two may be literals only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scriptkit.artifact.code_calls import RESERVED, unknown_call
from scriptkit.artifact.code_tokens import Line, Token, code_lines
from scriptkit.artifact.code_types import read_type
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scriptkit.artifact.code_types import Type

KINDS = ("", "Module", "NamedTuple", "Enum", "Interface", "ModuleInterface")
_LISTS = frozenset({"__parameters__", "__buffers__", "__annotations__", "__forward_hooks__", "__forward_pre_hooks__"})
_WORDS = frozenset({"None", "True", "False", "inf", "nan", "infj", "nanj"})
_SIGNS = frozenset("[](){},:-")
_MAKERS = (("torch", ".", "device"), ("float",), ("annotate",))
_CODE = re.compile(r"code/(?P<path>\w+(?:/\w+)*)\.py", re.ASCII)
_BLOCKS = frozenset({"if", "elif", "else", "for", "while", "with", "def"})
_NEVER = frozenset({"import", "class", "lambda", "global", "yield", "async", "await", "try", "except", "from"})
_ATTRIBUTE_NAME = re.compile(r'"\w+"', re.ASCII)


@dataclass
class Function:
    """A function or method: where it stands, and its statements after the head."""

    name: str
    place: str
    head: Line
    body: list[Line] = field(default_factory=list)
    callable: set[str] = field(default_factory=set)


@dataclass
class Class:
    """What a class of the file declares."""

    name: str
    place: str
    kind: str
    attributes: dict[str, Type] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    methods: dict[str, Function] = field(default_factory=dict)


@dataclass
class Units:
    """Everything the code of a file defines, by qualified name; and what it computes while it is loaded."""

    classes: dict[str, Class] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    computed: list[str] = field(default_factory=list)

    def every_function(self) -> Iterator[Function]:
        """All functions and methods."""
        yield from self.functions.values()
        for cls in self.classes.values():
            yield from cls.methods.values()


def code_names(names: Iterable[str]) -> list[str]:
    """The entries that hold code."""
    return [name for name in names if _CODE.fullmatch(name)]


def read_units(entries: Mapping[str, bytes]) -> Units:
    """The units of these code entries; raises ArtifactError for what torch would not print."""
    units = Units()
    for name, text in entries.items():
        found = _CODE.fullmatch(name)
        module = found["path"].replace("/", ".") if found else ""
        _Reader(name, module, units).read(text)
    return units


class _Reader:
    def __init__(self, name: str, module: str, units: Units) -> None:
        self.name, self.module, self.units = name, module, units
        self.cls: Class | None = None
        self.function: Function | None = None

    def read(self, text: bytes) -> None:
        for line in code_lines(self.name, text):
            words = [token.text for token in line.tokens]
            if line.depth == 0:
                self._unit(line, words)
            elif line.depth == 1 and self.cls is not None:
                self._member(self.cls, line, words)
            else:
                self._statement(line, words)

    def unreadable(self, line: Line, why: str) -> ArtifactError:
        return ArtifactError(f"the archived code `{self.name}` cannot be read at line {line.number}: {why}")

    def place(self, line: Line) -> str:
        return f"`{self.name}` line {line.number}"

    # -- the outermost level -----------------------------------------------------

    def _unit(self, line: Line, words: list[str]) -> None:
        self.cls = self.function = None
        if words[0] == "class":
            self._begin_class(line, words)
        elif words[0] == "def":
            self.function = self._function(line, words)
            self._define(line, self.units.functions, self.function.name, self.function)
        elif words[:2] != ["op_version_set", "="] or len(words) != 3 or not words[2].isdecimal():  # noqa: PLR2004
            self.units.computed.append(f"{self.place(line)} runs while the file is loaded")

    def _begin_class(self, line: Line, words: list[str]) -> None:
        match words:
            case ["class", name, ":"]:
                kind = ""
            case ["class", name, "(", kind, ")", ":"] if kind in KINDS:
                pass
            case _:
                raise self.unreadable(line, "a class has no such head")
        self.cls = Class(f"{self.module}.{name}", self.place(line), kind)
        self._define(line, self.units.classes, name, self.cls)

    def _define(self, line: Line, units: dict[str, Class] | dict[str, Function], name: str, unit: object) -> None:
        qualified = f"{self.module}.{name}"
        if qualified in self.units.classes or qualified in self.units.functions:
            raise self.unreadable(line, f"`{name}` is defined twice")
        units[qualified] = unit  # type: ignore[assignment]

    # -- the members of a class ----------------------------------------------------

    def _member(self, cls: Class, line: Line, words: list[str]) -> None:
        self.function = None
        match words:
            case ["def", *_]:
                self.function = self._function(line, words)
                if self.function.name in cls.methods:
                    raise self.unreadable(line, f"`{self.function.name}` is defined twice")
                cls.methods[self.function.name] = self.function
            case ["pass"]:
                pass
            case [name, "=", "[", *_] if name in _LISTS:
                self._expect_texts(line, line.tokens[2:])
            case ["__annotations__", "[", name, "]", "=", *_] if _ATTRIBUTE_NAME.fullmatch(name):
                self._attribute(cls, line, name[1:-1], line.tokens[5:])
            case [name, *_] if line.tokens[0].kind == "name" and len(words) > 2:  # noqa: PLR2004
                self._declaration(cls, line, name)
            case _:
                raise self.unreadable(line, "a class has no such member")

    def _declaration(self, cls: Class, line: Line, name: str) -> None:
        """`name : Type`, `name : Final[Type] = literal`, or `NAME = literal` of an enumeration."""
        texts = [token.text for token in line.tokens]
        equal = texts.index("=") if "=" in texts else len(texts)
        if texts[1] == ":" and equal == len(texts):
            self._attribute(cls, line, name, line.tokens[2:])
            return
        if name in cls.constants or name in cls.attributes:
            raise self.unreadable(line, f"`{name}` is defined twice")
        has_type = texts[1] == ":" and read_type(line.tokens[2:equal]) is not None
        is_typed = cls.kind == "Enum" if equal == 1 else has_type
        value = line.tokens[equal + 1 :]
        if not is_typed or not is_literal(value):
            self.units.computed.append(
                f"{self.place(line)}: `{cls.name.rpartition('.')[2]}` computes a value while the file is loaded"
            )
            return
        cls.constants[name] = " ".join(token.text for token in value)
        if cls.kind == "NamedTuple":
            self._attribute(cls, line, name, line.tokens[2:equal])

    def _attribute(self, cls: Class, line: Line, name: str, tokens: list[Token]) -> None:
        declared = read_type(tokens)
        if declared is None or name in cls.attributes:
            raise self.unreadable(line, f"`{name}` has no type, or is declared twice")
        cls.attributes[name] = declared

    def _expect_texts(self, line: Line, tokens: list[Token]) -> None:
        if not is_literal(tokens) or any(token.kind in ("name", "number") for token in tokens):
            raise self.unreadable(line, "names are listed as texts")

    # -- functions -------------------------------------------------------------------

    def _function(self, line: Line, words: list[str]) -> Function:
        is_head = len(words) > 4 and words[0] == "def" and line.tokens[1].kind == "name" and words[2] == "("  # noqa: PLR2004
        if not is_head or not line.opens or "def" in words[1:]:
            raise self.unreadable(line, "a function has no such head")
        unknown = unknown_call(line, frozenset())
        if unknown:
            raise self.unreadable(line, f"torch prints no use of `{unknown}` like this")
        if not all(is_literal(_without_constants(one)) for one in _defaults(line.tokens)):
            self.units.computed.append(
                f"{self.place(line)}: a default value of `{words[1]}` is computed while the file is loaded"
            )
        return Function(words[1], self.place(line), line)

    def _statement(self, line: Line, words: list[str]) -> None:
        if self.function is None or not _NEVER.isdisjoint(words):
            raise self.unreadable(line, "it has no place here")
        if line.opens and words[0] not in _BLOCKS:
            raise self.unreadable(line, f"no block begins with `{words[0]}`")
        if "def" in words:  # what is forked is printed as a function within the function
            inner = self._function(line, words).name
            if inner in RESERVED:
                raise self.unreadable(line, f"torch gives no function within a function the name `{inner}`")
            self.function.callable.add(inner)
        self.function.body.append(line)
        if len(words) > 3 and words[1:3] == ["=", "__torch__"] and "(" not in words:  # noqa: PLR2004
            self.function.callable.add(words[0])  # a function of the file is bound to a name, then called
        unknown = unknown_call(line, self.function.callable)
        if unknown:
            raise self.unreadable(line, f"torch prints no use of `{unknown}` like this")


def _defaults(tokens: list[Token]) -> Iterator[list[Token]]:
    """What stands behind each `=` of a head, up to the comma or the bracket that ends the parameter."""
    nested, begin = 0, None
    for place, token in enumerate(tokens):
        is_end = (token.text == "," and nested == 1) or (token.text == ")" and nested == 1)
        if begin is not None and is_end:
            yield tokens[begin:place]
            begin = None
        nested += (token.text in "([{") - (token.text in ")]}")
        if token.text == "=" and nested == 1:
            begin = place + 1


def _without_constants(tokens: list[Token]) -> list[Token]:
    """Numbers in the place of tensors of the file and members of enums: `CONSTANTS.c0`, `__torch__.Kind.FAST`."""
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        end = place + 1
        if tokens[place].text in ("CONSTANTS", "__torch__"):
            while end + 1 < len(tokens) and tokens[end].text == "." and tokens[end + 1].kind == "name":
                end += 2
        found.append(Token("number", "0") if end > place + 1 else tokens[place])
        place = end
    return found


def is_literal(tokens: list[Token]) -> bool:
    """Whether tokens are numbers, texts and containers of them; nothing that is called, indexed or added up."""
    place, before = 0, ""
    while place < len(tokens):
        maker = next((maker for maker in _MAKERS if _follows(tokens, place, maker)), None)
        if maker is not None:
            end = _closing(tokens, place + len(maker))
            inside = tokens[place + len(maker) + 1 : end]
            if not _is_made(maker, inside):
                return False
            place, before = end + 1, ")"
            continue
        token = tokens[place]
        is_plain = token.kind in ("number", "string") or token.text in _WORDS or token.text in _SIGNS
        if not is_plain or (token.text in "([{" and before not in ("", "(", "[", "{", ",", ":")):
            return False
        if token.text == "-" and before not in ("", "(", "[", "{", ",", ":"):
            return False
        place, before = place + 1, token.text
    return bool(tokens)


def _follows(tokens: list[Token], place: int, maker: tuple[str, ...]) -> bool:
    texts = tuple(token.text for token in tokens[place : place + len(maker) + 1])
    return texts == (*maker, "(")


def _closing(tokens: list[Token], opening: int) -> int:
    nested = 0
    for place in range(opening, len(tokens)):
        nested += (tokens[place].text in "([{") - (tokens[place].text in ")]}")
        if nested == 0:
            return place
    return len(tokens)


def _is_made(maker: tuple[str, ...], inside: list[Token]) -> bool:
    """A device and a number are made from a text, what is annotated from a type and a literal."""
    if maker != ("annotate",):
        return len(inside) == 1 and inside[0].kind in ("string", "number")
    nested = 0
    for place, token in enumerate(inside):
        nested += (token.text in "([{") - (token.text in ")]}")
        if token.text == "," and nested == 0:
            return read_type(inside[:place]) is not None and is_literal(inside[place + 1 :])
    return False
