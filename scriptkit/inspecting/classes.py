"""The classes of a program: what each declares, and its methods as lines that know where they came from."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from scriptkit.artifact.archived_code import parsed
from scriptkit.artifact.debug_records import Origin, read_marks
from scriptkit.inspecting.tidying import Tidy, header, printed, short_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scriptkit.artifact.debug_records import Mark
    from scriptkit.inspecting.entries import Entries

_OPERATORS = ("torch", "ops")


@dataclass(frozen=True)
class Place:
    """A line of Python."""

    path: str
    line: int


@dataclass(frozen=True)
class Line:
    """One line of a program, the statement it is, and the lines of Python it came from."""

    text: str
    node: ast.stmt | None = field(default=None, compare=False)
    places: tuple[Place, ...] = ()


class Code:
    """The text of one entry, with its marks."""

    def __init__(self, name: str, text: bytes, marks: Sequence[Mark]) -> None:
        self.tree = parsed(name, text)
        self._marks = sorted(marks, key=lambda mark: mark.offset)
        self._offsets = [mark.offset for mark in self._marks]
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def origins(self, node: ast.stmt | ast.expr) -> list[Origin]:
        """Where the code of a node came from, each once, first that of the operation which gives its value."""
        value = getattr(node, "value", None) if isinstance(node, ast.stmt) else node
        value = value if isinstance(value, ast.expr) else node
        begin = self._starts[value.lineno - 1] + value.col_offset
        end = self._starts[(value.end_lineno or value.lineno) - 1] + (value.end_col_offset or 0)
        # a mark holds until the next one
        first = bisect_right(self._offsets, begin) - 1
        last = bisect_left(self._offsets, end)
        found = [mark.origin for mark in self._marks[max(0, first) : last] if mark.origin.path]
        return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Method:
    """One method of a class of the program."""

    owner: ProgramClass
    node: ast.FunctionDef

    @cached_property
    def lines(self) -> list[Line]:
        """The method in Python's syntax."""
        body = Tidy(self.owner.submodules).body(self.node.body)
        lines = [Line(text, shown, self._places(original)) for text, shown, original in printed(body)]
        return [Line(header(self.node)), *lines]

    def _places(self, node: ast.stmt | ast.expr | None) -> tuple[Place, ...]:
        if node is None:
            return ()
        found = [Place(o.path, line_of(o)) for o in self.owner.code.origins(node)]
        return tuple(dict.fromkeys(found))

    @property
    def text(self) -> str:
        """The whole method."""
        return "\n".join(line.text for line in self.lines)

    @cached_property
    def origins(self) -> list[Origin]:
        """Where its statements came from, each line once."""
        found = [origin for statement in self.node.body for origin in self.owner.code.origins(statement)]
        return list({(origin.path, line_of(origin)): origin for origin in found}.values())

    @cached_property
    def operators(self) -> list[str]:
        """The operators that the method itself calls, each once."""
        calls = (node.func for node in ast.walk(self.node) if isinstance(node, ast.Call))
        names = (ast.unparse(call) for call in calls if isinstance(call, ast.Attribute))
        return sorted({name.removeprefix("ops.") for name in names if name.partition(".")[0] in _OPERATORS})


def line_of(origin: Origin) -> int:
    """The line of a file that an origin means."""
    return origin.line + origin.text.count("\n", 0, max(0, origin.start))


@dataclass(frozen=True)
class ProgramClass:
    """One class: its name in the program, its members with their types, its methods."""

    name: str
    node: ast.ClassDef
    code: Code

    @property
    def short(self) -> str:
        """The name its author gave it."""
        return short_name(self.name)

    @cached_property
    def members(self) -> dict[str, str]:
        """The type of each attribute, as the program writes it."""
        found = (one for one in self.node.body if isinstance(one, ast.AnnAssign))
        return {ast.unparse(one.target): ast.unparse(one.annotation) for one in found}

    @cached_property
    def submodules(self) -> frozenset[str]:
        """The attributes that are modules; of a container, numbers."""
        subscripts = (
            (one.target.slice.value, one.annotation)  # `__annotations__["0"] = ...` comes as an assignment
            for one in self.node.body
            if isinstance(one, ast.AnnAssign)
            and isinstance(one.target, ast.Subscript)
            and isinstance(one.target.slice, ast.Constant)
        )
        numbered = {str(name) for name, _ in subscripts}
        named = {name for name, kind in self.members.items() if kind.startswith("__torch__")}
        return frozenset(named | numbered)

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The attributes that are parameters."""
        for one in self.node.body:
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "__parameters__":
                return frozenset(ast.literal_eval(one.value))
        return frozenset()

    @cached_property
    def methods(self) -> dict[str, Method]:
        """The methods by name."""
        return {one.name: Method(self, one) for one in self.node.body if isinstance(one, ast.FunctionDef)}


def read_classes(entries: Entries) -> dict[str, ProgramClass]:
    """Every class of a program by its name there."""
    found = {}
    for name in entries.code():
        code = Code(name, entries.small[name], _marks(entries.small, name))
        module = name.removeprefix("code/").removesuffix(".py").replace("/", ".")
        for node in code.tree.body:
            if isinstance(node, ast.ClassDef):
                found[f"{module}.{node.name}"] = ProgramClass(f"{module}.{node.name}", node, code)
    return found


def _marks(small: Mapping[str, bytes], name: str) -> list[Mark]:
    debug = f"{name}.debug_pkl"
    return read_marks(debug, small[debug], from_torch=True) if debug in small else []
