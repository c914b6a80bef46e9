"""The question before every call, "does the twin still mirror its tree?", in the ways in which it is asked.

A loop in C at first (47 ns for each place). What is called again gets an expression of its own (20 ns). Where Python
counts the writes of dictionaries, those of the modules are not looked into at all as long as nobody writes them.
"""

from __future__ import annotations

from operator import contains, getitem, is_
from typing import TYPE_CHECKING, Any

from scriptkit.watching.dict_counts import can_count, unwritten_from_now
from scriptkit.watching.dict_versions import Unwritten
from scriptkit.watching.expression import Expression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scriptkit.engines.torchscript.twin.overrides import Overrides
    from scriptkit.engines.torchscript.twin.watched_code import WatchedCode
    from scriptkit.watching.slots import Slots

    AnyDict = dict[str, Any]

_ASKED_AGAIN, _ASKED_OFTEN = 8, 400
"""So many times, that the making of an expression, or of a long one, is a small part of it."""

_MANY = 128
"""So many places, that comparing counts, which takes 300 ns by itself, is faster than to look at each."""


class Question:
    """What has to be as it was; each way of asking answers True where all of it is."""

    def __init__(
        self,
        slots: Slots,
        code: WatchedCode,
        overrides: Overrides,
        sized: Sequence[AnyDict],
        hooks: Sequence[dict[int, Any]],
    ) -> None:
        """`sized` are dictionaries in which nothing may come or go, `hooks` those that have to be empty."""
        self._slots, self._code, self._overrides = slots, code, overrides
        self._sized, self._sizes, self._hooks = sized, list(map(len, sized)), hooks
        self._unwritten: Unwritten | None = None

    def sizes_hold(self) -> bool:
        """Whether nothing came into, or went from, the dictionaries in which nothing may."""
        return list(map(len, self._sized)) == self._sizes

    def in_a_loop(self) -> Callable[[], bool]:
        """All but the hooks: a few calls into C."""
        holders, keys, seen = self._slots.holders, self._slots.keys, self._slots.seen
        code, sized, sizes = self._code, self._sized, self._sizes
        dictionaries, names = self._overrides.holders, self._overrides.names

        def is_current() -> bool:
            try:
                return (
                    all(map(is_, map(getitem, holders, keys), seen))
                    and code.is_unchanged()
                    and not any(map(contains, dictionaries, names))
                    and (not sized or list(map(len, sized)) == sizes)
                )
            except (KeyError, AttributeError):
                return False

        return is_current

    def quickly(self, own: Iterable[AnyDict]) -> Callable[[], bool]:
        """All of it and the hooks, for many calls; `own` are dictionaries that nobody is likely to write at each."""
        if len(self._slots.keys) < _MANY or not can_count():
            return self._expression().compiled() or self._by_how_often_it_is_asked()
        watched = {id(holder) for holder in (*self._slots.holders, *self._overrides.holders, *self._sized)}
        counted = [dictionary for dictionary in own if id(dictionary) in watched]
        self._unwritten = Unwritten(counted, self._by_how_often_it_is_asked(), unwritten_from_now)
        return self._expression(counted).compiled_with(self._unwritten)

    def look_again(self) -> None:
        """What was seen does not count any more, although nobody wrote it."""
        if self._unwritten is not None:
            self._unwritten.look_again()

    def _expression(self, counted: Iterable[AnyDict] = ()) -> Expression:
        """All of it but what lies in the counted dictionaries."""
        known = frozenset(map(id, counted))
        expression = Expression(self._slots, known)
        self._code.add_to(expression)
        expression.add_sizes((d, size) for d, size in zip(self._sized, self._sizes, strict=True) if id(d) not in known)
        expression.add_empty(self._hooks)
        places = zip(self._overrides.holders, self._overrides.names, strict=True)
        expression.add_absent((d, name) for d, name in places if id(d) not in known)
        return expression

    def _by_how_often_it_is_asked(self) -> Callable[[], bool]:
        """A loop at first, then an expression, if that is short, or where it is asked very often."""
        loop, hooks = self.in_a_loop(), self._hooks
        times = 0

        def at_first() -> bool:
            return loop() and not any(hooks)

        ask = at_first

        def is_current() -> bool:
            nonlocal times, ask
            if times < _ASKED_OFTEN:
                times += 1
                if times in {_ASKED_AGAIN, _ASKED_OFTEN}:
                    ask = self._expression().compiled(is_often_asked=times == _ASKED_OFTEN) or at_first
            return ask()

        return is_current
