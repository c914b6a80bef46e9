"""Foreign submodules that wait for inputs."""

from __future__ import annotations

from typing import Any

from scriptkit.errors import CompilationError

Call = tuple[tuple[Any, ...], dict[str, Any]]


class MissingInputsError(CompilationError):
    """Foreign submodules that do not script wait for inputs: `waiting` says by path which, and why."""

    waiting: dict[str, str]


class RefusedInputsError(MissingInputsError):
    """The declared inputs are none that the module takes as it is now."""
