"""What happens at a call: evaluated, written into the residual program, run natively (few things), or refused."""

from __future__ import annotations

import functools
import inspect
import logging
import os
import types
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.calling import (
    autograd_functions,
    builtin_functions,
    checkpoints,
    constructing,
    context_variables,
    functions,
    python_equivalents,
)
from scriptkit.compiling.lowering.evaluator import plain_objects
from scriptkit.compiling.lowering.objects import attributes, containers, module_calls, picking
from scriptkit.compiling.lowering.operations import tensors, torch_functions
from scriptkit.compiling.lowering.world.frames import Closure
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import Picked, TensorMethod, UnknownText, has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.compiling.lowering.world.walking import walk
from scriptkit.engines.torchscript.engine import making

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_FALSE_HERE = (
    *making.FALSE_IN_PYTHON,
    torch.compiler.is_compiling,
    torch.compiler.is_exporting,
    torch.is_autocast_enabled,
    torch.cuda.is_current_stream_capturing,
    *([torch.xpu.is_current_stream_capturing] if hasattr(torch.xpu, "is_current_stream_capturing") else []),
)
_SILENT = (warnings.warn, print)
_COUNTS_USES = "_log_api_usage_once"  # of torch._C: libraries tell torch which parts of them are used
_IMMUTABLE = (str, bytes, int, float, complex, bool, tuple, frozenset, range, torch.dtype, torch.device)


def call(evaluator: Evaluator, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call anything."""
    plain = module_calls.function_in_place(function)
    if plain is not None:
        return functions.evaluate_function(evaluator, plain, args, kwargs)
    if autograd_functions.is_apply(function):
        return autograd_functions.apply(evaluator, function.__self__, args, kwargs)
    for kind, handler in _BY_KIND.items():
        if isinstance(function, kind):
            return handler(evaluator, function, args, kwargs)
    equivalent = _equivalent(function, kwargs)
    if equivalent is not None:
        return _as_python(evaluator, function, equivalent, args, kwargs)
    special = _special(function)
    if special is not None:
        return _bound_call(evaluator, special, args, kwargs)
    if isinstance(function, types.FunctionType):
        return _call_function(evaluator, function, args, kwargs)
    if isinstance(function, type):
        return constructing.construct(evaluator, function, args, kwargs)
    if torch_functions.is_operation(function):
        return torch_functions.emit(evaluator, function, args, kwargs)
    return _call_object(evaluator, function, args, kwargs)


def _bound_call(
    evaluator: Evaluator, special: Callable[..., Value], args: list[Value], kwargs: dict[str, Value]
) -> Value:
    try:
        inspect.signature(special).bind(evaluator, *args, **kwargs)
    except TypeError:
        raise RefusedError("call-not-lowered", "a built-in function is called in a form that is not lowered") from None
    return special(evaluator, *args, **kwargs)


def _equivalent(function: Any, kwargs: dict[str, Value]) -> types.FunctionType | None:
    try:
        return python_equivalents.equivalent_of(function, kwargs)
    except TypeError:  # it cannot be hashed
        return None


def _as_python(
    evaluator: Evaluator, function: Value, same: types.FunctionType, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """Evaluate Python in the place of a function of C; an iterator is walked once, as it would be in Python."""
    try:
        inspect.signature(same).bind(*args, **kwargs)
    except TypeError:
        raise RefusedError("call-not-lowered", "a built-in function is called in a form that is not lowered") from None
    made = functions.evaluate_function(evaluator, same, args, kwargs)
    if not python_equivalents.gives_an_iterator(function) or isinstance(made, Dyn):
        return made
    return walk(evaluator.effects, evaluator.iterate(made), args)


def _special(function: Any) -> Callable[..., Value] | None:
    """The evaluator's own version of a function."""
    try:
        if function in _FALSE_HERE or _asks_for_torch_functions(function):
            return lambda _, *__: False
        if function in _SILENT or getattr(function, "__name__", "") == _COUNTS_USES:
            return lambda _, *__, **___: None
        return builtin_functions.TABLE.get(function) or torch_functions.SPECIAL.get(function)
    except TypeError:  # it cannot be hashed
        return None


def _asks_for_torch_functions(function: Any) -> bool:
    """Whether it asks if a tensor acts for itself, which those of a run do not."""
    name = getattr(function, "__name__", "")
    return isinstance(function, types.BuiltinFunctionType) and name.startswith("_has_torch_function")


def _call_function(
    evaluator: Evaluator, function: types.FunctionType, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    module = function.__module__ or ""
    if function.__name__.startswith("has_torch_function") and module.startswith("torch"):
        return False
    if torch_functions.is_operation(function):
        return torch_functions.emit(evaluator, function, args, kwargs)
    if torch_functions.is_of_numpy(function):
        return torch_functions.numpy_number(evaluator, function, args, kwargs)
    if checkpoints.is_checkpoint(function):
        return checkpoints.call(evaluator, args, kwargs)
    first = args[0] if args else None
    if (
        isinstance(first, nn.Module)
        and first is not evaluator.residual.method.module
        and _is_method_of(first, function)
    ):
        return module_calls.call_method(evaluator, first, function, args[1:], kwargs)
    return functions.evaluate_function(evaluator, function, args, kwargs)


def _is_method_of(module: nn.Module, function: types.FunctionType) -> bool:
    return any(vars(base).get(function.__name__) is function for base in type(module).__mro__)


def _call_method(
    evaluator: Evaluator, function: types.MethodType, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    receiver, code = function.__self__, function.__func__
    if type(receiver).__module__.startswith("numpy.random"):
        raise functions.impure(evaluator, f"`numpy.random.{code.__name__}` would be frozen")
    if isinstance(receiver, logging.Logger):
        return None
    if receiver is os.environ and code.__name__ in {"get", "__getitem__", "__contains__"}:
        return functions.environment(evaluator, code.__name__, args)
    if isinstance(receiver, nn.Module) and isinstance(code, types.FunctionType):
        return module_calls.call_method(evaluator, receiver, code, args, kwargs)
    if isinstance(receiver, inspect.Signature) and code.__name__ in {"bind", "bind_partial"}:
        bound = plain_objects.native(function, *args, **kwargs)
        evaluator.effects.own(bound.arguments)
        return evaluator.effects.own(bound)
    if (
        isinstance(receiver, inspect.BoundArguments)
        and code.__name__ == "apply_defaults"
        and evaluator.effects.owns(receiver)
    ):
        receiver.apply_defaults()
        evaluator.effects.own(receiver.arguments)
        return None
    if isinstance(receiver, torch.nn.Parameter | torch.Tensor):
        return evaluator.call(attributes.read(evaluator, receiver, code.__name__), args, kwargs)
    return evaluator.call(code, [receiver, *args], kwargs)


def _call_partial(
    evaluator: Evaluator, function: functools.partial[Any], args: list[Value], kwargs: dict[str, Value]
) -> Value:
    if function.func is tensors.product:
        return tensors.product(evaluator, function.args[1])
    return evaluator.call(function.func, [*function.args, *args], {**function.keywords, **kwargs})


_ANSWERS = (str, int, float, bool, type(None), types.ModuleType, type, types.FunctionType)


def _call_cached(evaluator: Evaluator, function: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A cached function gives the same for the same arguments already: it may run."""
    if has_dyn((args, kwargs)):
        return evaluator.call(function.__wrapped__, args, kwargs)
    if _is_logging(function):
        return None
    made = plain_objects.native(function, *args, **kwargs)
    is_annotation = type(made).__module__ == "typing"
    if not is_annotation and not isinstance(made, _ANSWERS):
        raise RefusedError("call-not-lowered", f"`{function.__name__}` is cached and gives a `{type(made).__name__}`")
    return made


def _is_logging(function: Any) -> bool:
    return "logging" in (function.__module__ or "") or function.__name__ in {"warning_once", "info_once"}


def _call_dyn(_: Evaluator, __: Dyn, ___: list[Value], ____: dict[str, Value]) -> Value:
    raise RefusedError("call-not-lowered", "a value known only at run time is called")


_BY_KIND: dict[type, Callable[[Any, Any, list[Value], dict[str, Value]], Value]] = {
    Dyn: _call_dyn,
    TensorMethod: lambda evaluator, f, args, kwargs: tensors.method(evaluator, f.receiver, f.name, args, kwargs),
    Closure: functions.call_closure,
    Picked: picking.call,
    functools.partial: _call_partial,
    nn.Module: module_calls.call,
    types.MethodType: _call_method,
    functools._lru_cache_wrapper: _call_cached,
}


def _call_object(evaluator: Evaluator, function: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    receiver = getattr(function, "__self__", None)
    if isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType)) and args:
        if isinstance(args[0], (Dyn, torch.Tensor)):
            return evaluator.call(attributes.read(evaluator, args[0], function.__name__), args[1:], kwargs)
        bound = function.__get__(args[0], type(args[0]))
        return _call_object(evaluator, bound, args[1:], kwargs)
    if isinstance(function, (types.BuiltinFunctionType, types.MethodWrapperType)) and receiver is not None:
        return _call_built_in_method(evaluator, function, receiver, args, kwargs)
    own_call = plain_objects.class_attribute(evaluator, type(function), "__call__")
    if isinstance(own_call, types.FunctionType):
        return evaluator.call(own_call, [function, *args], kwargs)
    if torch_functions.is_of_numpy(function):
        return torch_functions.numpy_number(evaluator, function, args, kwargs)
    raise RefusedError("call-not-lowered", f"`{getattr(function, '__name__', type(function).__name__)}`")


def _call_built_in_method(
    evaluator: Evaluator, function: Any, receiver: Any, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    name = function.__name__
    if name in {"__setattr__", "__getattribute__"} and not isinstance(receiver, (type, nn.Module)):
        if name == "__setattr__":
            return attributes.store(evaluator, receiver, args[0], args[1])
        return attributes.of_object(evaluator, receiver, args[0], skip_hook=True)
    if (
        name == "__init__"
        and type(function).__name__ == "method-wrapper"
        and not isinstance(receiver, (dict, list, set))
    ):
        return None
    if isinstance(receiver, types.MappingProxyType) and name in {"items", "keys", "values", "get"}:
        made = plain_objects.native(function, *args, **kwargs)
        return made if name == "get" else evaluator.effects.own(list(made))
    if isinstance(receiver, ContextVar):
        return context_variables.method(evaluator, receiver, name, args)
    if isinstance(receiver, (dict, list, set)):
        return containers.method(evaluator, function, receiver, args, kwargs)
    if isinstance(receiver, str) and has_dyn((args, kwargs)):
        return UnknownText()
    if isinstance(receiver, _IMMUTABLE):
        made = plain_objects.native(function, *[_listed(evaluator, arg) for arg in args], **kwargs)
        return evaluator.effects.own(made) if isinstance(made, list) else made
    raise RefusedError("call-not-lowered", f"`{type(receiver).__name__}.{name}`")


def _listed(evaluator: Evaluator, value: Value) -> Value:
    plain_objects.contents_of(evaluator, value)
    return value


def mapping_items(evaluator: Evaluator, value: Value) -> Mapping[str, Value]:
    """The items of `**value`."""
    if isinstance(value, dict):
        plain_objects.contents_of(evaluator, value)
        return dict(dict.items(value))
    raise RefusedError("call-not-lowered", f"`**` of a `{type(value).__name__}`")
