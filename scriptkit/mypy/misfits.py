"""What no rule stands for, since only a type checker sees it: a place, words and a code of its own."""

from __future__ import annotations

from typing import NamedTuple


class Misfit(NamedTuple):
    """What does not fit, and where; the line counts from 1, the column from 0, as mypy's do."""

    line: int
    column: int
    message: str
    code: str
