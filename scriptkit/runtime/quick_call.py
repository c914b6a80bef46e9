"""The shortest way to compiled code, for calls at which nothing is unusual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.engines.torchscript.engine.errors import CallTranslator
    from scriptkit.engines.torchscript.engine.making import Twin

_CALLS_BEFORE_QUICK_CHECK: Final = 8


class QuickCall:
    """What a call of `forward` needs when nothing is unusual, one look-up away."""

    __slots__ = ("_calls", "bind", "convert", "forward", "hooks", "in_flight", "is_current", "python_error", "twin")

    def __init__(self, twin: Twin, translator: CallTranslator) -> None:
        self.twin, self.python_error = twin, translator.python_error
        self.hooks, self.in_flight, self.bind = twin.hooks, twin.in_flight, twin.bind
        self.forward, self.convert = translator.method, translator.convert
        self._calls = 0
        self.is_current: Callable[[], bool] = self._is_current_at_first

    def _is_current_at_first(self) -> bool:
        self._calls += 1
        if self._calls == _CALLS_BEFORE_QUICK_CHECK:
            self.is_current = self.twin.quick_check()
        return self.twin.is_current() and not any(self.hooks)
