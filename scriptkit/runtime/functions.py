"""Functions under `@scriptkit.script`: compiled at their first call, again when what they were made from changes."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit import switches
from scriptkit.checking.live import errors_of_function
from scriptkit.engines.torchscript.engine import making, thread
from scriptkit.engines.torchscript.engine.errors import call_as_python
from scriptkit.engines.torchscript.engine.making import compile_function_or_explain
from scriptkit.errors import CompilationError
from scriptkit.runtime.gate import EagerCalls, may_make_tensors, reason_for_eager

if TYPE_CHECKING:
    import types

_eager_calls: Final[weakref.WeakKeyDictionary[types.FunctionType, EagerCalls]] = weakref.WeakKeyDictionary()


def call(function: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function compiled where that is possible now, else as Python."""
    if switches.is_disabled() or switches.is_eager() or torch.compiler.is_compiling():
        return function(*args, **kwargs)
    if thread.tracing_state() is not None and _crosses_tensors_only(function, (*args, *kwargs.values())):
        return compiled(function)(*args, **kwargs)  # its control flow stays in the trace
    must_look = thread.must_run_eagerly() or thread.may_be_among(args, kwargs)
    if must_look and reason_for_eager(args, kwargs, may_make_tensors) is not None:
        return function(*args, **kwargs)  # whoever calls it is told; a function by itself keeps no count
    form = compiled(function)
    why = making.why_as_python(form, function, args, kwargs)
    if why is not None:
        calls = _eager_calls.setdefault(function, EagerCalls())
        return calls.run(f"`{function.__qualname__}`", why, lambda: function(*args, **kwargs))
    return call_as_python(form, function, function.__qualname__, args, kwargs)


def _crosses_tensors_only(function: types.FunctionType, values: tuple[Any, ...]) -> bool:
    """Whether a trace can call the compiled function: a number that crosses would be a constant."""
    if not all(isinstance(value, torch.Tensor) for value in values):
        return False
    try:
        returns = compiled(function).schema.returns
    except CompilationError:
        return False
    return all(making.is_tensor(one.type) for one in returns)


def compiled(function: types.FunctionType) -> Any:
    """The compiled form of a function as it is now; raises `CompilationError`, in the words of the rules."""
    try:
        return compile_function_or_explain(function)
    except CompilationError as error:
        found = errors_of_function(function)
        if not found:
            raise
        count = f"{len(found)} error{'s' * (len(found) != 1)}"
        raise CompilationError(f"`{function.__qualname__}` does not compile: {count}", found) from error.__cause__
