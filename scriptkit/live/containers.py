"""What a call does to the lists, dictionaries and objects that it is given: which of them, and at which line."""

from __future__ import annotations

import inspect
import sys
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scriptkit.live.nested import parts
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

_UNORDERED = (set, deque)


class Containers:
    """The containers among the arguments of one call, as they are before it."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._found = list(_below(_by_name(function, args, kwargs), (), ""))

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._found)

    def changed(self) -> str:
        """How the first that holds something else by now is reached from the arguments; empty where there is none."""
        changed = (path for path, one, content in self._found if not _is_the_same(content, _content(one)))
        return next(changed, "")

    @contextmanager
    def watched(self, counts: Callable[[str], bool]) -> Iterator[list[tuple[str, int]]]:
        """Run the call in here: the line that changes the first of them, among files that count, is the only item."""
        found: list[tuple[str, int]] = []
        before: tuple[str, int] | None = None

        def line(frame: FrameType, _event: str, _arg: object) -> Any:
            nonlocal before
            if not found and before is not None and self.changed():
                found.append(before)
            before = frame.f_code.co_filename, frame.f_lineno
            return None if found else line

        def enter(frame: FrameType, _event: str, _arg: object) -> Any:
            return line if not found and counts(frame.f_code.co_filename) else None

        outer = sys.gettrace()
        sys.settrace(enter)
        try:
            yield found
        finally:
            sys.settrace(outer)


def _by_name(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """Each argument with its name: the tuple and the dictionary of a call are made anew for each."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return  # the call will say so
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            yield from value.items()
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            yield from ((f"{name}[{number}]", one) for number, one in enumerate(value))
        else:
            yield name, value


def _below(items: Any, above: tuple[int, ...], path: str) -> Iterator[tuple[str, Any, list[Any]]]:
    """Every container that can change, with what it holds."""
    for name, value in items:
        here = f"{path}{name}"
        content = _content(value) if id(value) not in above else None
        if content is None:
            continue
        if not isinstance(value, tuple):
            yield here, value, content
        kind = (parts(value) or ("list",))[0]
        spelled = "{}.{}" if kind in {"object", "dataclass"} else "{}[{!r}]"
        inside = [(spelled.format(here, key), item) for key, item in content]
        yield from _below(inside, (*above, id(value)), "")


def _content(value: Any) -> list[Any] | None:
    """What a container holds, by key; None for what is none."""
    if isinstance(value, _UNORDERED):
        return list(enumerate(value))
    found = parts(value)
    return None if found is None else list(zip(found[1], found[2], strict=True))


def _is_the_same(before: list[Any], now: list[Any] | None) -> bool:
    return (
        now is not None
        and len(before) == len(now)
        and all(is_same(k, key) and is_same(v, value) for (k, v), (key, value) in zip(before, now, strict=True))
    )
