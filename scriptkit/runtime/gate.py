"""The one gate of every call: why it must run as Python, and the one word about it.

What is asked here holds whatever is called: a scriptable module, a compiled foreign one, a function. Whether *its*
compiled form can represent the call is asked of the form, after this.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from torch import nn

from scriptkit import log, switches
from scriptkit.engines.torchscript.engine import thread
from scriptkit.errors import ScriptkitEagerWarning
from scriptkit.live import hooks

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_WORTH_A_WORD: Final = ""
_NOT_THE_USERS: Final = (f"{Path(__file__).parent.parent}{os.sep}", inspect.getfile(nn.Module))


def reason_for_eager(args: tuple[Any, ...], kwargs: dict[str, Any], makes_tensors: Callable[[], bool]) -> str | None:
    """Why no compiled code can represent a call now, whatever is called; `NOT_WORTH_A_WORD` where it was asked for.

    `makes_tensors` says whether what is called makes tensors without naming a device: a default device concerns it.
    """
    if switches.is_eager():
        return NOT_WORTH_A_WORD
    reason = thread.why_eagerly()
    if reason is not None:
        return reason
    modes = thread.function_modes()
    if any(not thread.is_device_context(mode) for mode in modes):
        return "a torch function mode is active"
    if any(hooks.global_hooks()):
        return "global module hooks are registered"
    if modes and makes_tensors():
        return "a default device is set, and the module makes tensors without naming a device"
    return thread.first_among((*args, *kwargs.values()))


def may_make_tensors() -> bool:
    """For what does not say whether the user named the device of a tensor it makes: recorded and lowered programs."""
    return True


class _Announced(threading.local):
    """Why the modules round the current call run as Python: it holds for what they call, and needs no word there."""

    reasons: tuple[str, ...] = ()


_announced = _Announced()


class EagerCalls:
    """The calls of one object that ran as Python: counted by reason, told once for each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def run(self, owner: str, reason: str, call: Callable[[], Any]) -> Any:
        """Run a call as Python for a reason, which also holds for every module called in it."""
        if reason == NOT_WORTH_A_WORD:
            return call()
        self.count(owner, reason)
        before = _announced.reasons
        _announced.reasons = (*before, reason)
        try:
            return call()
        finally:
            _announced.reasons = before

    def count(self, owner: str, reason: str) -> None:
        """Count a call; the first for each reason is warned of, at the outermost module it holds for."""
        self.counts[reason] += 1
        log.bind.debug("%s runs as Python: %s", owner, reason)
        if self.counts[reason] == 1 and reason not in _announced.reasons:
            message = f"{owner} runs as Python here: {reason}"
            warnings.warn(message, ScriptkitEagerWarning, stacklevel=_level_of_the_user())


def _level_of_the_user() -> int:
    """The `stacklevel` at which a warning names the user's line, from the function that warns."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_NOT_THE_USERS):
        level, frame = level + 1, frame.f_back
    return level
