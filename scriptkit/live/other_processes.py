"""Modules whose call waits for other processes: nothing may be tried with them in one process alone."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Final

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
    parts = [(path or type(part).__name__, part) for path, part in module.named_modules()]
    sharded = next((path for path, part in parts if is_sharded(part)), None)
    if sharded is not None:
        return f"`{sharded}` is sharded: compile before sharding, since nothing is tried on parts of parameters"
    if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
        return None
    waiting = next((path for path, part in parts if _waits(part)), None)
    if waiting is None:
        return None
    return f"`{waiting}` waits for the other processes, so that no form can be tried in one of them"


def is_sharded(part: nn.Module) -> bool:
    """Whether FSDP2 or tensor parallelism holds only a part of each parameter here."""
    tensors = (*part._parameters.values(), *part._buffers.values())
    is_of_fsdp = any(base.__name__ == "FSDPModule" for base in type(part).__mro__)
    return is_of_fsdp or any(hasattr(tensor, "device_mesh") for tensor in tensors)


def _waits(part: nn.Module) -> bool:
    """Whether a module synchronises its statistics, or calls a collective in its own code or in a hook."""
    hooks = (*part._forward_hooks.values(), *part._forward_pre_hooks.values())
    calls = map(_calls_collective, (*_methods(type(part)), *hooks))
    return isinstance(part, nn.SyncBatchNorm) or any(calls)


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
    values = [scope[name] for name in code.co_names if name in scope]
    homes = [
        str(getattr(value, "__name__" if isinstance(value, types.ModuleType) else "__module__", "")) for value in values
    ]
    return "distributed" in code.co_names or any(home.startswith("torch.distributed") for home in homes)
