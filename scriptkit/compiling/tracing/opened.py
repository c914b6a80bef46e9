"""Functions of torch that are Python, opened: a mode sees what their bodies do, not the call alone.

Torch hands such a function to a mode as a whole, and runs its body without it. There stands what it refuses, as a batch
of one row in `batch_norm`: a condition that nobody would see, and that a trace decides for ever.
"""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any, Final

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

_ASKS: Final = "has_torch_function"


def opened(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """The function without its question whether somebody else wants to do it; None for any other function."""
    if not isinstance(function, types.FunctionType) or function.__globals__ is not vars(functional):
        return None
    return _without_question(function)


@functools.cache
def _without_question(function: types.FunctionType) -> Callable[..., Any] | None:
    asked = [name for name in function.__code__.co_names if name.startswith(_ASKS)]
    if not asked:
        return None
    names = vars(functional) | dict.fromkeys(asked, _nobody)
    made = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _nobody(*_arguments: object) -> bool:
    return False
