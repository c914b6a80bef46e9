"""Ways of calling a module that its foreign parts have forms for, and how a new one is learned.

A part that is lowered has a form for the calls that were seen. Whether a call of the whole brings others shows in its
outline: which arguments are given, and which flags. A call of a new outline runs as Python, which is always right; then
the forms that it needs are made, and the next one runs compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from scriptkit import log
from scriptkit.compiling.plan.declared_inputs import declared_call
from scriptkit.compiling.plan.trees import learn_call

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import torch

MOST_OUTLINES: Final = 32
_BY_VALUE: Final = (bool, str, type(None))


class ShownCalls:
    """For one module: by outline, why calls of it run as Python; empty where they run compiled."""

    def __init__(self) -> None:
        self._known: dict[Hashable, str] = {}

    def note(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The module was compiled for this call."""
        self._known.setdefault(_outline(args, kwargs), "")

    def reason_for_eager(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why a call runs as Python; an empty text where it is learned afterwards, None where it runs compiled."""
        outline = _outline(args, kwargs)
        if not self._known:
            declared = declared_call(module)
            self.note(*(declared if declared is not None else (args, kwargs)))
        if outline not in self._known and len(self._known) < MOST_OUTLINES:
            return ""
        return self._known.get(outline) or None

    def learn(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], compiled_anew: Callable[[], None]
    ) -> None:
        """Make the forms that a call of a new outline needs; `compiled_anew` lets go of what was made of others.

        Other threads run such calls as Python until all of it is done.
        """
        outline = _outline(args, kwargs)
        if not self._known or outline in self._known or len(self._known) >= MOST_OUTLINES:
            return
        try:
            learn_call(module, (args, kwargs))
            compiled_anew()  # also where another module that holds a part has learned it before
        except Exception as error:  # noqa: BLE001  # the call itself has its result: nothing of this is its caller's
            headline = (str(error).splitlines() or [type(error).__name__])[0]
            log.plan.debug("%s: not learned: %s", type(module).__name__, headline)
            self._known[outline] = f"a part has no form for such a call: {headline}"
        self._known.setdefault(outline, "")


def _outline(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
    given = [_kind(value) for value in args]
    while given and given[-1] is None:  # given or left out, it is the same call
        given.pop()
    named = sorted((name, _kind(value)) for name, value in kwargs.items() if value is not None)
    return tuple(given), tuple(named)


def _kind(value: Any) -> Hashable:
    if isinstance(value, tuple):
        return tuple(map(_kind, value))
    return cast("Hashable", value if type(value) in _BY_VALUE else type(value))
