"""Whether any of many dictionaries was written since a moment, asked in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.watching.dict_counts import Counts, attributes_are_counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_IN_VAIN, _LONGEST_PATIENCE = 4, 1024
"""How often in a row counts may have changed, and how many calls do without them at most before the next look."""


class Unwritten:
    """Whether some dictionaries still hold what `holds` asks of them: quickly, where nobody wrote them.

    Where somebody writes them before every call, the counts are looked at ever more rarely. Where the interpreter
    does not count (`is_counted`; without it: all writes, those of attributes included), the slow way is gone each time.
    """

    def __init__(
        self, dictionaries: Iterable[dict[Any, Any]], holds: Callable[[], bool], *, is_counted: bool | None = None
    ) -> None:
        self._dictionaries = list(dictionaries)
        self._holds = holds
        self._is_counted = is_counted
        self._counts: Counts | None = None
        self._wait = self._vain = 0

    def __call__(self) -> bool:
        """True where what is asked holds."""
        if self._wait:
            self._wait -= 1
            return self._holds()
        counts = self._counts  # another thread may take it away
        if counts is None:
            return self._begin()
        if counts.are_unchanged():
            self._vain = 0
            return True
        return self._from_now()

    def _begin(self) -> bool:
        if self._is_counted is None:
            self._is_counted = attributes_are_counted()
        if not self._is_counted:
            return self._holds()
        return self._from_now()

    def _from_now(self) -> bool:
        """Count from now on, if what is asked holds now."""
        self._vain += 1
        if self._vain > _IN_VAIN:
            self._wait = min(1 << (self._vain - _IN_VAIN), _LONGEST_PATIENCE)
        known, self._counts = self._counts, None
        counts = Counts(self._dictionaries) if known is None else known.again()  # before the question: others may write
        holds = self._holds()
        if holds:
            self._counts = counts
        return holds
