"""For which torch code is judged: the installed one, or one that a project names because it ships on it.

    from scriptkit.language.versions import judged, judged_for

    with judged_for("2.10"):
        assert judged() == "2.10"   # tables and rules are those of torch 2.10

What differs from one torch to the next is data: a table of operators for each (`tables/`), and `since` and `until` of
a rule or of an example. A patch release has the language of its minor one.
"""

from __future__ import annotations

import contextlib
import re
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.installed import installed_torch

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = Path(__file__).with_name("tables")
ENDING = ".json.z"


class UnknownTorchError(ValueError):
    """A version of torch that there is no table for."""


@cache
def known() -> tuple[str, ...]:
    """The versions whose language is known, as `2.9`, oldest first."""
    names = (path.name.removesuffix(ENDING) for path in TABLES.iterdir() if path.name.endswith(ENDING))
    return tuple(sorted(names, key=numbers))


def numbers(version: str) -> tuple[int, int]:
    """`(2, 13)` of `2.13`, `2.13.0+cpu` or `2.15.0a0`; `(0, 0)` of what is no version."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def is_known(version: str) -> bool:
    """Whether what is judged for this torch was proven on it."""
    return numbers(version) in map(numbers, known())


def nearest(version: str) -> str:
    """The known version that stands for this one: its minor release, else the newest before it, else the oldest."""
    before = [one for one in known() if numbers(one) <= numbers(version)]
    return before[-1] if before else known()[0]


def named(version: str) -> str:
    """The known version that a person names. Raises `UnknownTorchError`, which lists those there are."""
    if re.fullmatch(r"\d+\.\d+(\.\d+)?([+a-z].*)?", version) and is_known(version):
        return nearest(version)
    raise UnknownTorchError(f"`{version}` is no torch whose language is known; known are {', '.join(known())}")


_judged: ContextVar[str] = ContextVar("judged")


def judged() -> str:
    """The known version that code is judged for now."""
    chosen = _judged.get("")
    return chosen or _default()


@cache
def _default() -> str:
    version = installed_torch()
    return known()[-1] if version is None else nearest(version)


@contextlib.contextmanager
def judged_for(version: str) -> Iterator[None]:
    """Judge for another torch in this block; "" judges for the installed one. Raises `UnknownTorchError`."""
    token = _judged.set(named(version) if version else "")
    try:
        yield
    finally:
        _judged.reset(token)


def holds(since: str, until: str) -> bool:
    """Whether something that torch does since one version, and until before another one, holds where code is judged."""
    return in_range(judged(), since, until)


def in_range(version: str, since: str, until: str) -> bool:
    """Whether `since <= version < until`; "" is no limit."""
    at = numbers(version)
    return (not since or numbers(since) <= at) and (not until or at < numbers(until))
