"""`torch.cuda.amp.autocast()` and its like: deprecated classes, whose code Python 3.13 hides from the compiler."""

from __future__ import annotations

import ast
from typing import Any, Final

from torch.cpu.amp import autocast_mode as of_cpu
from torch.cuda.amp import autocast_mode as of_cuda

_DEVICES: Final[dict[Any, tuple[str, str]]] = {
    of_cuda.autocast: ("cuda", "float16"),
    of_cpu.autocast: ("cpu", "bfloat16"),
}
_PARAMETERS = ("enabled", "dtype", "cache_enabled")  # compiled code has no use for the last


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
