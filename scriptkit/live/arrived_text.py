"""Classes that arrive by value: their code finds its text again, and what it names is there.

The text goes where everything looks for it, into `linecache`, under the path it came from; under a name of its own
where this machine has another file of that path.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import linecache
import types
import warnings
from typing import TYPE_CHECKING, Any

from scriptkit.errors import ScriptkitWarning
from scriptkit.live.code_text import Block, definitions, first_line, is_text_of, names_in_text
from scriptkit.live.sent_text import KEY, SentText, functions_in, globals_of, versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_NAMES = 200


def settle(cls: type) -> None:
    """Give the code of a class that arrived, and of its bases, the text that came with it; others are left alone."""
    for base in cls.__mro__:
        text = vars(base).get(KEY)
        if isinstance(text, SentText) and text.arrived is not None:
            settle_classes([base], text.arrived)
            text.settled(base)


def settle_classes(classes: Iterable[type], content: dict[str, Any]) -> None:
    """The same for classes whose text came by another way."""
    classes = [*classes]
    _tell_other_versions(classes, content["versions"])
    blocks = [Block(*block) for block in content["blocks"]]
    paths = _made_readable(blocks)
    arrival = _Arrival(blocks, paths, content["names"])
    for cls in classes:
        for base in cls.__mro__:
            for _, function in functions_in(base):
                arrival.settle(function)


def _tell_other_versions(classes: list[type], sent: dict[str, str]) -> None:
    here = versions()
    other = [
        f"{name} {sent.get(name)}, and runs here with {name} {here[name]}"
        for name in here
        if sent.get(name) != here[name]
    ]
    if other:
        names = ", ".join(cls.__name__ for cls in classes)
        message = f"{names} was sent from a process with {'; '.join(other)}: install the same version on both"
        warnings.warn(message, ScriptkitWarning, stacklevel=2)


def _made_readable(blocks: list[Block]) -> dict[str, str]:
    """By the path that text came from, the one under which it is found here."""
    paths = {}
    for path in dict.fromkeys(block.path for block in blocks):
        own = [block for block in blocks if block.path == path]
        lines = linecache.getlines(path)
        if not lines or not _holds(lines, own):
            name, number = (f"<sent {path}>", 1) if lines else (path, 0)
            while number and linecache.getlines(name) and not _holds(linecache.getlines(name), own):
                number += 1
                name = f"<sent {path} {number}>"
            _enter(name, own)
            paths[path] = name
        else:
            paths[path] = path
    return paths


def _holds(lines: list[str], blocks: list[Block]) -> bool:
    return all("".join(lines[block.first - 1 : block.last]).rstrip("\n") == block.text.rstrip("\n") for block in blocks)


def _enter(name: str, blocks: list[Block]) -> None:
    """Put blocks at their lines; what stood between them is blank."""
    lines = ["\n"] * max(block.last for block in blocks)
    for block in sorted(blocks):
        written = block.text.splitlines(keepends=True)
        if written[0][:1].isspace() and block.first > 1 and not lines[block.first - 2].strip():
            lines[block.first - 2] = "if True:\n"
        lines[block.first - 1 : block.first - 1 + len(written)] = [
            line if line.endswith("\n") else f"{line}\n" for line in written
        ]
    linecache.cache[name] = (sum(map(len, lines)), None, lines, name)


class _Arrival:
    """The functions of one pickle, settled one after the other."""

    def __init__(
        self, blocks: list[Block], paths: dict[str, str], names: dict[str, dict[str, tuple[Any, ...]]]
    ) -> None:
        self._blocks, self._paths, self._names = blocks, paths, names
        self._written = {
            (path, first_line(node), node.name): node
            for path, name in paths.items()
            for node in definitions(linecache.getlines(name))
        }
        self._settled: set[int] = set()

    def settle(self, function: types.FunctionType) -> None:
        """Let a function, and those it calls, say where their text stands; fill in what their module lacks."""
        if id(function) in self._settled:
            return
        self._settled.add(id(function))
        node = self._rename(function)
        if node is not None:
            self._fill(function, node)
        for _, value in [*globals_of(function)]:
            for inner in _functions(value):
                self.settle(inner)

    def _rename(self, function: types.FunctionType) -> ast.AST | None:
        """Let its code name the file that has its text here; the definition, where the text came with it."""
        code = function.__code__
        for (path, line, name), node in self._written.items():
            is_elsewhere = code.co_filename in self._paths and path != code.co_filename
            if line == code.co_firstlineno and name == code.co_name and not is_elsewhere and is_text_of(node, code):
                if code.co_filename != self._paths[path]:
                    function.__code__ = _in_file(code, self._paths[path])
                return node
        return None

    def _fill(self, function: types.FunctionType, node: ast.AST) -> None:
        """Names that its text reads and its module here lacks: both ways of sending leave some behind."""
        known = self._names.get(function.__module__ or "", {})
        named = {name for name in names_in_text(ast.unparse(node)) if not hasattr(builtins, name)}
        for name in sorted(named - function.__globals__.keys() - {*function.__code__.co_freevars}):
            self._define(name, known, function.__globals__)

    def _define(self, name: str, known: dict[str, tuple[Any, ...]], namespace: dict[str, Any], depth: int = 0) -> None:
        kind, *what = known.get(name, ("nothing",))
        if kind == "module":
            namespace[name] = importlib.import_module(what[0])
        elif kind == "value":
            namespace[name] = what[0]
        elif kind == "from":
            found: Any = importlib.import_module(what[0])
            for part in what[1].split("."):
                found = getattr(found, part)
            namespace[name] = found
        elif kind == "text" and depth < _MOST_NAMES:
            self._run(Block(what[0], what[1], ""), known, namespace, depth)

    def _run(self, place: Block, known: dict[str, tuple[Any, ...]], namespace: dict[str, Any], depth: int) -> None:
        """Run the definition of a helper, and define what it names first."""
        block = next((b for b in self._blocks if b.path == place.path and b.contains(place.first)), None)
        if block is None:
            return
        code = compile("\n" * (block.first - 1) + block.text, self._paths[block.path], "exec", dont_inherit=True)
        for name in [*_missing(code, namespace)]:
            if known.get(name, ("",))[0] != "text" or known[name][1:] != (place.path, place.first):
                self._define(name, known, namespace, depth + 1)
        exec(code, namespace)  # noqa: S102 - code of the pickle that is being read, in its own words


def _functions(value: Any) -> Iterator[types.FunctionType]:
    if isinstance(value, types.FunctionType):
        yield value
        wrapped = getattr(value, "__wrapped__", None)
        if isinstance(wrapped, types.FunctionType):
            yield from _functions(wrapped)
    elif isinstance(value, type) and value.__module__.partition(".")[0] not in {"builtins", "torch", "scriptkit"}:
        yield from (function for _, function in functions_in(value))


def _missing(code: types.CodeType, namespace: dict[str, Any]) -> Iterator[str]:
    """Names that are neither there nor built in; attributes are among them, which nobody knows under that name."""
    for name in code.co_names:
        if name not in namespace and not hasattr(builtins, name):
            yield name
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _missing(constant, namespace)


def _in_file(code: types.CodeType, path: str) -> types.CodeType:
    inner = tuple(_in_file(c, path) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_filename=path, co_consts=inner)
