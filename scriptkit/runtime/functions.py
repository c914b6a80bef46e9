"""Functions under `@scriptkit.script`: compiled at their first call, again when what they were made from changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit import switches
from scriptkit.engines.torchscript.calling.translator import call_as_python
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.torch_names.private import LOCK
from scriptkit.engines.torchscript.types import raw_errors
from scriptkit.engines.torchscript.types.compiler import functions
from scriptkit.engines.torchscript.types.translation import diagnostic_of
from scriptkit.errors import CompilationError, ScriptkitError

if TYPE_CHECKING:
    import types


def call(function: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function compiled where that is possible now, else as Python."""
    if switches.is_disabled() or switches.is_eager() or torch.compiler.is_compiling():
        return function(*args, **kwargs)
    if private.tracing_state() is not None and _crosses_tensors_only(function, (*args, *kwargs.values())):
        return compiled(function)(*args, **kwargs)  # its control flow stays in the trace
    if private.must_run_eagerly():
        return function(*args, **kwargs)
    return call_as_python(compiled(function), function, function.__qualname__, args, kwargs)


def _crosses_tensors_only(function: types.FunctionType, values: tuple[Any, ...]) -> bool:
    """Whether a trace can call the compiled function: a number that crosses would be a constant."""
    if not all(isinstance(value, torch.Tensor) for value in values):
        return False
    try:
        returns = compiled(function).schema.returns
    except CompilationError:
        return False
    return all(private.is_tensor(one.type) for one in returns)


def compiled(function: types.FunctionType) -> Any:
    """The compiled form of a function as it is now; raises `CompilationError`."""
    with LOCK, private.without_deprecation_notices():
        try:
            return functions().compile(function)
        except ScriptkitError:
            raise
        except Exception as error:  # noqa: BLE001 - torch.jit raises nine types of exception for errors of the user's code
            raise _explained(function, error) from None


def _explained(function: types.FunctionType, error: Exception) -> CompilationError:
    raw = raw_errors.read(error)
    lifted = functions().entries[function].lifted
    return CompilationError(
        f"`{function.__qualname__}` does not compile: 1 error", [diagnostic_of(raw, lifted, object)]
    )
