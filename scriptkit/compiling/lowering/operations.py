"""Functions of torch and of `math`: which are written into the residual program, and how TorchScript spells them."""

from __future__ import annotations

import ast
import inspect
import math
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from scriptkit.compiling.lowering import syntax
from scriptkit.compiling.lowering.results import result_of
from scriptkit.compiling.lowering.values import Dyn, RaisedError, RefusedError, Sizes, Value, has_dyn
from scriptkit.engines.torchscript import lowered
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scriptkit.compiling.lowering.evaluate import Evaluator

_TAKES_SIZES = frozenset({"zeros", "ones", "empty", "rand", "randn", "full"})
_LISTS = frozenset(
    "split unbind chunk tensor_split split_with_sizes hsplit vsplit dsplit unsafe_chunk meshgrid "
    "broadcast_tensors".split()
)
_REFUSED = frozenset(
    "manual_seed seed set_num_threads save load set_default_dtype set_grad_enabled get_rng_state set_rng_state "
    "broadcast_shapes result_type can_cast promote_types use_deterministic_algorithms from_numpy as_tensor "
    "is_nonzero".split()
)
_SPELLED = {"axis": "dim", "keepdims": "keepdim"}


def is_operation(function: Any) -> bool:
    """Whether the compiler knows a function, so that it can stand in the residual program."""
    name = getattr(function, "__name__", "")
    if getattr(math, name, None) is function:
        return True
    if isinstance(function, FunctionType):
        return getattr(F, name, None) is function or (
            getattr(torch, name, None) is function and lowered.knows_function(function)
        )
    return _spelling(function) is not None and lowered.knows_function(function)


def _spelling(function: Any) -> str | None:
    """The name of a function in residual code."""
    name = getattr(function, "__name__", "")
    for module, prefix in _ROOMS.items():
        if getattr(module, name, None) is function:
            return f"{prefix}.{name}"
    return None


_ROOMS = {
    torch: "torch",
    F: "F",
    math: "math",
    torch.linalg: "torch.linalg",
    torch.special: "torch.special",
    torch.fft: "torch.fft",
}


def emit(ev: Evaluator, function: Callable[..., Any], args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A call of an operation."""
    name = function.__name__
    if name in _REFUSED:
        raise RefusedError("impure-call", f"`{name}` changes or reads what is outside the module")
    if getattr(math, name, None) is function:
        return _math(ev, function, args, kwargs)
    args = _sizes_as_list(name, list(args))
    args, kwargs = _with_floats(function, args, dict(kwargs))
    spelling = _spelling(function)
    if spelling is None:
        raise RefusedError("call-not-lowered", f"`{name}`")
    example = ev.try_out(name, function, args, kwargs)
    given = {_SPELLED.get(key, key): ev.residual.expression(value) for key, value in kwargs.items()}
    call = syntax.call(spelling, [ev.residual.expression(arg) for arg in args], given)
    if name.endswith("_") and isinstance(example, torch.Tensor) and isinstance(args[0], Dyn):
        ev.residual.emit(ast.Expr(call))
        return args[0]
    return result_of(ev, example, call, name.strip("_"), is_list=name in _LISTS)


def _sizes_as_list(name: str, args: list[Value]) -> list[Value]:
    if name not in _TAKES_SIZES or not args or isinstance(args[0], (list, tuple, Sizes)) or name == "full":
        return args
    if isinstance(args[0], Dyn) and isinstance(args[0].type, t.List):
        return args
    return [list(args)]


def _with_floats(
    function: Callable[..., Any], args: list[Value], kwargs: dict[str, Value]
) -> tuple[list[Value], dict[str, Value]]:
    """Whole numbers where a function of torch's own library declares floats: TorchScript converts nothing."""
    declared = _float_parameters(function)
    if declared:
        args = [float(a) if type(a) is int and n < len(declared) and declared[n][1] else a for n, a in enumerate(args)]
        floats = {name for name, is_float in declared if is_float}
        kwargs = {name: float(a) if type(a) is int and name in floats else a for name, a in kwargs.items()}
    return args, kwargs


def _float_parameters(function: Callable[..., Any]) -> list[tuple[str, bool]]:
    if not isinstance(function, FunctionType):
        return []
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, "float" in str(p.annotation)) for p in parameters]


def _math(ev: Evaluator, function: Callable[..., Any], args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    name = function.__name__
    if not has_dyn((list(args), dict(kwargs))):
        try:
            return function(*args, **kwargs)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise RaisedError(error) from error
    if name not in {"ceil", "floor", "sqrt", "log", "log2", "exp", "sin", "cos", "pow", "tanh"} or kwargs:
        raise RefusedError("call-not-lowered", f"`math.{name}` of a value known only at run time")
    example = ev.try_out(name, function, args, {})
    return ev.residual.bind(syntax.call(f"math.{name}", map(ev.residual.expression, args)), example, name)


def _dtype_of(ev: Evaluator, value: Value) -> torch.dtype:
    from scriptkit.compiling.lowering.tensors import guard_dtype

    if isinstance(value, Dyn):
        return guard_dtype(ev, value)
    if isinstance(value, torch.dtype):
        return value
    raise RefusedError("call-not-lowered", "the limits of something that is no dtype")


def _limits(kind: type[Any]) -> Callable[..., Value]:
    def limits(ev: Evaluator, value: Value = None) -> Value:
        return kind(_dtype_of(ev, value))

    return limits


def _tensor(ev: Evaluator, data: Value, **kwargs: Value) -> Value:
    data = ev.lift(data)
    if isinstance(data, Dyn) and data.is_tensor:
        raise RefusedError("call-not-lowered", "`torch.tensor` of a tensor")
    if isinstance(data, (list, tuple)) and not data:
        raise RefusedError("call-not-lowered", "`torch.tensor` of nothing")
    if kwargs.keys() - {"dtype", "device"}:
        raise RefusedError("call-not-lowered", "`torch.tensor` with more than `dtype` and `device`")
    if "dtype" not in kwargs:  # TorchScript forgets the default dtype of Python
        kwargs["dtype"] = ev.try_out("tensor", torch.tensor, [data], {}).dtype
    if any(isinstance(d, Dyn) for d in _deep(data)) and isinstance(data, (list, tuple)):
        items = [_tensor(ev, item, **kwargs) for item in data]
        return emit(ev, torch.stack, [items], {})
    return _plain_emit(ev, data, kwargs)


def _plain_emit(ev: Evaluator, data: Value, kwargs: dict[str, Value]) -> Value:
    example = ev.try_out("tensor", torch.tensor, [data], kwargs)
    given = {key: ev.residual.expression(value) for key, value in kwargs.items()}
    return ev.residual.bind(syntax.call("torch.tensor", [ev.residual.expression(data)], given), example, "tensor")


def _deep(value: Value) -> list[Value]:
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in _deep(item)]
    return [value]


def _is_floating_point(ev: Evaluator, value: Value) -> Value:
    from scriptkit.compiling.lowering.tensors import method

    return method(ev, ev.lift(value), "is_floating_point", [], {})


SPECIAL: Mapping[Any, Callable[..., Value]] = MappingProxyType(
    {
        torch.finfo: _limits(torch.finfo),
        torch.iinfo: _limits(torch.iinfo),
        torch.tensor: _tensor,
        torch.is_tensor: lambda _, value: (
            isinstance(value, torch.Tensor) or (isinstance(value, Dyn) and value.is_tensor)
        ),
        torch.is_floating_point: _is_floating_point,
        torch.is_grad_enabled: lambda ev: ev.residual.bind(
            syntax.call("torch.is_grad_enabled"), torch.is_grad_enabled(), "grad"
        ),
    }
)
