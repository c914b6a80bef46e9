"""Why a call must run as Python in this thread now, and the lock round everything that compiles."""

from scriptkit.engines.torchscript.programs.state import plain_executor
from scriptkit.engines.torchscript.torch_names.dict_guards import unwritten_from_now
from scriptkit.engines.torchscript.torch_names.private import (
    LOCK,
    dispatch_modes,
    function_modes,
    is_device_context,
    must_run_eagerly,
    swaps_parameters,
    tracing_state,
    why_eagerly,
)
from scriptkit.engines.torchscript.twin.tensor_subclasses import first_among, may_be_among

__all__ = [
    "LOCK",
    "dispatch_modes",
    "first_among",
    "function_modes",
    "is_device_context",
    "may_be_among",
    "must_run_eagerly",
    "plain_executor",
    "swaps_parameters",
    "tracing_state",
    "unwritten_from_now",
    "why_eagerly",
]
