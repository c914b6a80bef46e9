"""Calls of autocast: older classes, whose code Python 3.13 hides from the compiler, and calls that switch it off."""

from __future__ import annotations

import ast
from typing import Any, Final

from torch.cpu.amp import autocast_mode as of_cpu
from torch.cuda.amp import autocast_mode as of_cuda

_DEVICES: Final[dict[Any, tuple[str, str]]] = {
    of_cuda.autocast: ("cuda", "float16"),
    of_cpu.autocast: ("cpu", "bfloat16"),
}
_PLACE_OF_ENABLED = 2
_PARAMETERS = ("enabled", "dtype", "cache_enabled")  # compiled code has no use for the last


def switches_off(expression: ast.expr, cls: object) -> bool:
    """Whether an expression is a call of this class of autocast that says `enabled=False`.

    Compiled code has no use for it: a call under autocast runs as Python, and everywhere else it changes nothing.
    torch compiles it for constant devices alone, while models take the device of what they are given.
    """
    if not isinstance(expression, ast.Call):
        return False
    place = 0 if cls in _DEVICES else _PLACE_OF_ENABLED
    given = [*expression.args[place : place + 1], *(w.value for w in expression.keywords if w.arg == "enabled")]
    return any(isinstance(value, ast.Constant) and value.value is False for value in given)


def as_today(call: ast.Call, function: object, torch_name: str) -> str | None:
    """The call of `torch.amp.autocast` that stands for a call of an older class; None for any other function."""
    device, dtype = _DEVICES.get(function, ("", "")) if isinstance(function, type) else ("", "")
    if not device or any(isinstance(one, ast.Starred) for one in call.args) or len(call.args) > len(_PARAMETERS):
        return None
    given = dict(zip(_PARAMETERS, call.args, strict=False)) | {word.arg or "": word.value for word in call.keywords}
    written = {name: ast.unparse(value) for name, value in given.items()}
    if not set(written) <= set(_PARAMETERS):
        return None
    written = {"enabled": "True", "dtype": f"{torch_name}.{dtype}", **written}
    return f"{torch_name}.amp.autocast({device!r}, enabled={written['enabled']}, dtype={written['dtype']})"
