"""The class statement: every rule a class breaks, told at once."""

from __future__ import annotations


def check_definition(cls: type) -> None:
    """Raise `ScriptabilityError` for the rules a class breaks."""
    del cls
