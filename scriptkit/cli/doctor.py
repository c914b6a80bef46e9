"""`scriptkit doctor`: what is installed, what of it is supported, what is missing."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import click

from scriptkit import __version__
from scriptkit.language import versions
from scriptkit.supported import NEWEST_PYTHON, OLDEST_PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("doctor")
def command() -> None:
    """Tell the versions of everything scriptkit meets, and what does not fit. Imports no torch."""
    lines = [_python(), _torch(), _mypy(), _compiler()]
    click.echo(f"scriptkit {__version__}")
    for ok, text in lines:
        click.echo(f"{'ok     ' if ok else 'problem'}  {text}")
    if not all(ok for ok, _ in lines):
        sys.exit(1)


def _python() -> tuple[bool, str]:
    ok = OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON
    return ok, f"Python {platform.python_version()}" + ("" if ok else "; torch.jit supports 3.10 to 3.13")


def _torch() -> tuple[bool, str]:
    version = _version("torch")
    if version is None:
        return False, "torch is not installed; `scriptkit check` works without it, compiling does not"
    oldest, newest = versions.known()[0], versions.known()[-1]
    if versions.numbers(version) < versions.numbers(oldest):
        return False, f"torch {version}; {oldest} is the oldest supported"
    if not versions.is_known(version):
        return True, f"torch {version}; the rules know up to {newest}, so class statements warn, constructors judge"
    return True, f"torch {version}, whose language the rules know"


def _mypy() -> tuple[bool, str]:
    version = _version("mypy")
    if version is None:
        return True, "mypy is not installed; it is needed for the plugin only"
    fits = tuple(_numbers(version))[:2] == (2, 4)
    return True, f"mypy {version}" + ("" if fits else "; the plugin is made for 2.4, and reports less with others")


def _compiler() -> tuple[bool, str]:
    found = next((name for name in ("c++", "g++", "clang++", "cl") if shutil.which(name)), None)
    return True, f"C++ compiler: {found}" if found else "no C++ compiler; it is needed to build what `new-cpp` writes"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> Iterator[int]:
    for part in version.partition("+")[0].split("."):
        if not part.isdigit():
            return
        yield int(part)
