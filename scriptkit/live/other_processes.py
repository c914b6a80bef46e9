"""Modules whose call waits for other processes: nothing may be tried with them in one process alone."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Final

import torch
from torch import distributed, nn

if TYPE_CHECKING:
    from collections.abc import Iterator

COLLECTIVES: Final = frozenset(
    {
        *("all_reduce", "all_gather", "all_gather_into_tensor", "all_gather_object", "all_to_all", "all_to_all_single"),
        *("barrier", "broadcast", "broadcast_object_list", "gather", "irecv", "isend", "monitored_barrier", "recv"),
        *("reduce", "reduce_scatter", "reduce_scatter_tensor", "scatter", "send"),
    }
)
"""Names of `torch.distributed` that wait for, or send to, another process."""


def why_no_trial(module: nn.Module) -> str | None:
    """Why no form of a module can be tried in this process alone; None where all of it happens here."""
    if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
        return None
    found = next(filter(None, (_waits(part) and path for path, part in _parts(module))), None)
    if found is None:
        return None
    return f"a call of `{found}` waits for the other processes, so that no form can be tried in one of them"


def _parts(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for path, part in module.named_modules():
        yield path or type(part).__name__, part


def _waits(part: nn.Module) -> bool:
    """Whether a module is sharded, synchronises its statistics, or calls a collective in its own code."""
    if isinstance(part, nn.SyncBatchNorm) or any(base.__name__ == "FSDPModule" for base in type(part).__mro__):
        return True
    if any(hasattr(tensor, "device_mesh") for tensor in (*part._parameters.values(), *part._buffers.values())):
        return True
    hooks = (*part._forward_hooks.values(), *part._forward_pre_hooks.values())
    return any(map(_calls_collective, (*_methods(type(part)), *hooks)))


def _methods(cls: type) -> Iterator[object]:
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] not in {"torch", "builtins"}:
            yield from vars(base).values()


def _calls_collective(function: object) -> bool:
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if not isinstance(code, types.CodeType):
        return False
    return bool(COLLECTIVES.intersection(code.co_names)) and _names_distributed(function, code)


def _names_distributed(function: object, code: types.CodeType) -> bool:
    """Whether such a name is one of `torch.distributed`: `x.gather(...)` is a method of a tensor."""
    scope = getattr(function, "__globals__", {})
    modules = (distributed, torch.distributed.nn if hasattr(torch.distributed, "nn") else distributed)
    values = [scope.get(name) for name in code.co_names]
    return any(value in modules for value in values if isinstance(value, types.ModuleType)) or (
        "distributed" in code.co_names
        or any(str(getattr(value, "__module__", "")).startswith("torch.distributed") for value in values)
    )
