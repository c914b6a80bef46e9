"""The environment a reader types commands in, whatever machine the pages and tests are checked on."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# pytest prints its summary in full where one of the first two is set; the others turn colours on or off
OF_A_SERVICE = ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "PY_COLORS")
OF_A_TOOL = ("PYTEST_", "MYPY_")


def forget_the_service() -> None:
    """Take the variables of a build service, which change what commands print, out of this process."""
    for name in OF_A_SERVICE:
        os.environ.pop(name, None)


def of_a_reader() -> dict[str, str]:
    """The variables of this process without those that change what a command prints."""
    return {
        name: value for name, value in os.environ.items() if name not in OF_A_SERVICE and not name.startswith(OF_A_TOOL)
    }


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder; `contextlib.chdir` of Python 3.11."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def parse_toml(text: str) -> dict[str, Any]:
    """What stands in a TOML file."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)
