"""The error codes, `scriptkit-<rule>` under the umbrella `scriptkit`, and the digest that tells a stale cache.

mypy must know every code before it reads its own settings, also in a run that checks nothing. For that the rules are
known by the names of their files: importing them takes a hundred times longer.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache

from mypy.errorcodes import ErrorCode

UMBRELLA = ErrorCode("scriptkit", "Code that TorchScript cannot compile", "scriptkit")
OWN = (
    "internal",
    "config",
    "unreadable-file",
    "example-inputs",
    "untyped-export",
    "bare-ignore",
)  # what no rule stands for
# files of that room that are no rules
NO_RULES = frozenset(
    {"__init__", "catalogue", "examples", "export_reading", "groups", "reading", "rule", "translation"}
)
ROOMS = ("language", "rules", "checking", "mypy")
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - faster than a Path


def code_of(name: str) -> ErrorCode:
    """The error code of a rule."""
    return all_codes()[name]


@cache
def all_codes() -> dict[str, ErrorCode]:
    """The error code of every rule, registered with mypy."""
    stems = {name[:-3] for name in os.listdir(f"{PACKAGE}/rules") if name.endswith(".py")} - NO_RULES  # noqa: PTH208
    names = [*OWN, *(stem.replace("_", "-") for stem in sorted(stems))]
    return {
        name: ErrorCode(f"scriptkit-{name}", f"See the rule `{name}`", "scriptkit", sub_code_of=UMBRELLA)
        for name in names
    }


@cache
def digest() -> str:
    """A hash of everything that judges: the engine, the rules, the table of operators, this plugin."""
    found = hashlib.sha256()
    for path in [f"{PACKAGE}/config.py", *(path for room in ROOMS for path in _files(f"{PACKAGE}/{room}"))]:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            found.update(os.path.basename(path).encode())  # noqa: PTH119
            found.update(file.read())
    return found.hexdigest()


def _files(folder: str) -> list[str]:
    """The files of a room and of the rooms inside it."""
    found = []
    for parent, rooms, names in os.walk(folder):
        rooms[:] = [name for name in rooms if name != "__pycache__"]
        found += [f"{parent}/{name}" for name in names]
    return sorted(found)
