"""The text of classes that are sent by value, with that of the functions and classes they use.

cloudpickle and dill send a class of a notebook or of `__main__` as its code objects; the compiler reads text. It is
collected when such a class is pickled, from the lines that were kept when the class was made, as far as it is checked
against the code; `arrived_text` makes use of it on the other side.
"""

from __future__ import annotations

import builtins
import inspect
import sys
import types
import weakref
from typing import TYPE_CHECKING, Any, Final

from scriptkit.installed import installed_torch
from scriptkit.live.code_text import (
    Block,
    block_of,
    definitions,
    first_line,
    is_text_of,
    keep_lines,
    kept_paths,
    names_in_text,
    versions_of,
)
from scriptkit.live.places import is_project_code
from scriptkit.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY: Final = "__scriptkit_text__"
MOST_OBJECTS: Final = 500
_PLAIN: Final = (bool, int, float, complex, str, bytes, type(None))


def versions() -> dict[str, str]:
    """What a class was made with."""
    return {"torch": str(installed_torch()), "scriptkit": __version__}


class SentText:
    """The text of some classes: collected when it is pickled, read when it arrives."""

    __slots__ = ("_arrived", "_classes")

    def __init__(self, classes: Iterable[type] = (), arrived: dict[str, Any] | None = None) -> None:
        self._classes = [*map(weakref.ref, classes)]
        self._arrived = arrived
        for cls in self.classes:
            for path in {function.__code__.co_filename for _, function in functions_in(cls)}:
                keep_lines(path, vars(sys.modules.get(cls.__module__, builtins)))

    @property
    def classes(self) -> list[type]:
        """Those that still live."""
        return [cls for one in self._classes if (cls := one()) is not None]

    @property
    def arrived(self) -> dict[str, Any] | None:
        """What came with a pickle; None where the classes were made here, and once it was made use of."""
        return self._arrived

    def settled(self, cls: type) -> None:
        """Its class is one like any other from now on."""
        self._arrived, self._classes = None, [weakref.ref(cls)]

    def __reduce__(self) -> tuple[Any, ...]:
        return received, (self._arrived if self._arrived is not None else collected(self.classes),)


def received(content: dict[str, Any]) -> SentText:
    """What stands in pickles; its name and place stay."""
    return SentText((), content)


def is_sent_by_value(one: type | types.FunctionType) -> bool:
    """Whether a pickle that knows how would hold a class or function itself: nobody could import it."""
    module = one.__module__ or ""
    found: Any = sys.modules.get(module)
    if module == "__main__" or found is None:
        return True
    for name in one.__qualname__.split("."):
        found = getattr(found, name, None)
    chosen: set[str] = getattr(sys.modules.get("cloudpickle"), "list_registry_pickle_by_value", set)()
    return _written(found) is not one or any(f"{module}.".startswith(f"{name}.") for name in chosen)


def collected(classes: Iterable[type]) -> dict[str, Any]:
    """The text of classes and of what they use; what has no text that fits its code is left out."""
    blocks: dict[Block, None] = {}
    names: dict[str, dict[str, tuple[Any, ...]]] = {}
    for found in _used_by(classes):
        block = _block(found)
        if block is not None:
            blocks[block] = None
        known = names.setdefault(found.__module__ or "", {})
        for name, value in _values(found, block):
            told = _told(value)
            if told is not None:
                known[name] = told
    return {"blocks": _outermost(blocks), "names": names, "versions": versions()}


def _values(found: Any, block: Block | None) -> Iterator[tuple[str, Any]]:
    """The globals that the code and the text of a function or class name, decorators and annotations among them."""
    functions = [found] if isinstance(found, types.FunctionType) else [f for _, f in functions_in(found)]
    namespace = dict(vars(sys.modules.get(found.__module__ or "", builtins)))
    for function in functions:
        namespace |= function.__globals__
        yield from globals_of(function)
    written = names_in_text(block.text) if block is not None else ()
    yield from ((name, namespace[name]) for name in written if name in namespace)


def functions_in(cls: type) -> Iterator[tuple[str, types.FunctionType]]:
    """The functions that a class body defines, without the wrappers of decorators."""
    for name, value in list(vars(cls).items()):
        for held in (value.fget, value.fset) if isinstance(value, property) else (value,):
            function: Any = getattr(held, "__func__", held)
            function = inspect.unwrap(function) if callable(function) else function
            if isinstance(function, types.FunctionType):
                yield name, function


def globals_of(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function takes from its module and from functions round it, as far as it is there."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    for name, cell in cells:
        try:
            yield name, cell.cell_contents
        except ValueError:  # empty while what it belongs to is being made
            continue
    for name in _names(function.__code__):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    for annotation in function.__annotations__.values():
        name = annotation.__name__ if isinstance(annotation, type) else ""
        if name and function.__globals__.get(name) is annotation:
            yield name, annotation


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _used_by(classes: Iterable[type]) -> list[Any]:
    """The classes with their bases, and the functions and classes sent by value that their code names."""
    found: dict[int, Any] = {}
    waiting: list[Any] = [*classes]
    while waiting and len(found) < MOST_OBJECTS:
        one = waiting.pop(0)
        if id(one) in found:
            continue
        found[id(one)] = one
        named = [value for _, value in globals_of(one)] if isinstance(one, types.FunctionType) else _named_by_class(one)
        written = (_written(value) for value in named if isinstance(value, (type, types.FunctionType)))
        waiting += [value for value in written if is_sent_by_value(value)]
    return [*found.values()]


def _named_by_class(cls: type) -> Iterator[Any]:
    yield from cls.__mro__
    yield from vars(cls).get("__annotations__", {}).values()
    yield from (value for _, function in functions_in(cls) for _, value in globals_of(function))


def _written(value: Any) -> Any:
    return inspect.unwrap(value) if isinstance(value, types.FunctionType) else value


def _block(found: Any) -> Block | None:
    return _block_of_function(found.__code__) if isinstance(found, types.FunctionType) else _block_of_class(found)


def _block_of_function(code: types.CodeType) -> Block | None:
    for lines in versions_of(code.co_filename):
        for node in definitions(lines):
            if first_line(node) == code.co_firstlineno and is_text_of(node, code):
                return block_of(code.co_filename, lines, node)
    return None


def _block_of_class(cls: type) -> Block | None:
    """The statement that has the methods of the class in it, and its name."""
    codes = {function.__code__ for _, function in functions_in(cls) if _is_readable(function.__code__.co_filename)}
    paths = dict.fromkeys(code.co_filename for code in codes)
    if not paths:  # its functions were generated: a named tuple, an enum
        file = getattr(sys.modules.get(cls.__module__), "__file__", None)
        paths = dict.fromkeys([*filter(None, [file]), *kept_paths()])
    for path in paths:
        for lines in versions_of(str(path)):
            for node in definitions(lines):
                if node.name == cls.__name__ and (
                    _has_methods(node, [c for c in codes if c.co_filename == path])
                    if codes
                    else _has_all_names(node, cls)
                ):
                    return block_of(str(path), lines, node)
    return None


def _is_readable(path: str) -> bool:
    return bool(versions_of(path)) and (path.startswith("<") or is_project_code(path))


def _has_all_names(node: Any, cls: type) -> bool:
    """Whether statement and class define methods of the same names; those with an underscore may be generated."""
    if not hasattr(node, "bases"):
        return False
    written = {inner.name for inner in definitions_below(node)}
    return written <= {*vars(cls)} and {n for n, _ in functions_in(cls) if not n.startswith("_")} <= written


def _has_methods(node: Any, codes: list[types.CodeType]) -> bool:
    if not hasattr(node, "bases"):
        return False
    inside = {first_line(inner): inner for inner in definitions_below(node)}
    written = [code for code in codes if first_line(node) <= code.co_firstlineno <= node.end_lineno]
    own = [code for code in written if code.co_firstlineno in inside and is_text_of(inside[code.co_firstlineno], code)]
    return bool(own)


def definitions_below(node: Any) -> Iterator[Any]:
    """The functions of a class statement."""
    yield from (inner for inner in node.body if hasattr(inner, "args"))


def _told(value: object) -> tuple[Any, ...] | None:
    """A global in words that another process understands; None for what only this one has."""
    if isinstance(value, types.ModuleType):
        return "module", value.__name__
    if isinstance(value, (type, types.FunctionType)):
        return _told_by_name(value)
    return ("value", value) if isinstance(value, _PLAIN) else None


def _told_by_name(value: type | types.FunctionType) -> tuple[Any, ...] | None:
    written = _written(value)
    if not is_sent_by_value(written):
        return "from", value.__module__, value.__qualname__
    block = _block(written)
    return None if block is None else ("text", block.path, block.first)


def _outermost(blocks: Iterable[Block]) -> list[tuple[str, int, str]]:
    """The blocks that lie in no other, as plain values."""
    every = [*blocks]
    return [(*block,) for block in every if not any(other.encloses(block) for other in every)]
