"""The error codes, `scriptkit-<rule>` under the umbrella `scriptkit`, and the digest that tells a stale cache.

mypy must know every code before it reads its own settings, also in a run that checks nothing. For that the rules are
read as text: importing them takes a hundred times longer.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mypy.errorcodes import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Iterator

UMBRELLA = ErrorCode("scriptkit", "Code that TorchScript cannot compile", "scriptkit")
OWN = ("internal", "config", "unreadable-file", "example-inputs")  # what no rule stands for
ROOMS = ("language", "rules", "checking", "mypy")
_NAME = re.compile(rb'^    name = "([a-z-]+)"$', re.MULTILINE)


def code_of(name: str) -> ErrorCode:
    """The error code of a rule."""
    return all_codes()[name]


@cache
def all_codes() -> dict[str, ErrorCode]:
    """The error code of every rule, registered with mypy."""
    texts = [text for path, text in engine_files() if path.parent.name in ("rules", "mypy")]
    names = [*OWN, *(found.decode() for text in texts for found in _NAME.findall(text))]
    return {
        name: ErrorCode(f"scriptkit-{name}", f"See the rule `{name}`", "scriptkit", sub_code_of=UMBRELLA)
        for name in names
    }


@cache
def digest() -> str:
    """A hash of everything that judges: the engine, the rules, the table of operators, this plugin."""
    found = hashlib.sha256()
    for path, text in engine_files():
        found.update(path.name.encode())
        found.update(text)
    return found.hexdigest()


@cache
def engine_files() -> list[tuple[Path, bytes]]:
    """The files that judge, with their content."""
    return list(_engine_files())


def _engine_files() -> Iterator[tuple[Path, bytes]]:
    package = Path(__file__).parent.parent
    for path in [package / "config.py", *(path for room in ROOMS for path in sorted((package / room).iterdir()))]:
        if path.is_file():
            yield path, path.read_bytes()
