"""Refusals of what compiles, and would compute something else than Python: torch alone says nothing of them."""

from __future__ import annotations

from scriptkit.errors import CompilationError


class UnfaithfulError(CompilationError):
    """A tree that the compiler takes, and whose program would not be the module."""


class SharedContainerError(UnfaithfulError):
    """No program can hold a tree as it is: a container in it has two owners."""
