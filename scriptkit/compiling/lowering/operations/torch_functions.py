"""Functions of torch and of `math`: which are written into the residual program, and how TorchScript spells them."""

from __future__ import annotations

import ast
import functools
import inspect
import math
from types import BuiltinFunctionType, FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from scriptkit.compiling.lowering.evaluator import plain_objects
from scriptkit.compiling.lowering.evaluator.guards import guard_dtype
from scriptkit.compiling.lowering.evaluator.optionals import unwrapped
from scriptkit.compiling.lowering.evaluator.results import attended, result_of, sections
from scriptkit.compiling.lowering.operations import checks, scalars_first
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Sizes, Value
from scriptkit.engines.torchscript.engine import making
from scriptkit.language import types as t
from scriptkit.live.torch_names import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


_TAKES_SIZES = frozenset({"zeros", "ones", "empty", "rand", "randn", "full"})
_LISTS = frozenset(
    "split unbind chunk tensor_split split_with_sizes hsplit vsplit dsplit unsafe_chunk meshgrid "
    "broadcast_tensors".split()
)
_REFUSED = frozenset(
    "manual_seed seed set_num_threads save load set_default_dtype set_grad_enabled get_rng_state set_rng_state "
    "broadcast_shapes result_type can_cast promote_types use_deterministic_algorithms from_numpy "
    "is_nonzero".split()
)
_OF_MATH = frozenset(
    "ceil floor sqrt log log2 log10 log1p exp expm1 sin cos tan atan atan2 sinh cosh tanh fabs pow".split()
)
_RESIZING = _TAKES_SIZES | {"interpolate", "upsample", "reshape", "broadcast_to", "tile"}
_PYTHON_ONLY = {"dsmm", "spmm"}  # other names of `torch.mm`, which compares equal to them
_SPELLED = {"axis": "dim", "keepdims": "keepdim"}


def is_operation(function: Any) -> bool:
    """Whether the compiler knows a function, so that it can stand in the residual program."""
    name = getattr(function, "__name__", "")
    if getattr(math, name, None) is function:
        return True
    if isinstance(function, FunctionType):
        if function.__kwdefaults__ and not making.knows_function(function):
            return False  # TorchScript has no keyword-only parameters
        if name.startswith("_") and getattr(F, name, None) is function:
            return False  # the parts of a public function: its Python tells what they do, some of it by None
        return getattr(F, name, None) is function or (
            getattr(torch, name, None) is function and making.knows_function(function)
        )
    return _spelling(function) is not None and making.knows_function(function)


def _spelling(function: Any) -> str | None:
    """The name of a function in residual code."""
    return _spellings().get(function)


@functools.cache
def _spellings() -> dict[Any, str]:
    rooms = {"torch": torch, "F": F, "math": math}
    rooms |= {f"torch.{name}": getattr(torch, name) for name in ("linalg", "special", "fft")}
    functions = look_up("functions beneath those of torch")
    made = {getattr(functions, name): f"torch._VF.{name}" for name in dir(functions) if not name.startswith("__")}
    for prefix, room in rooms.items():
        for name, function in vars(room).items():
            if name in _PYTHON_ONLY or name.startswith("__"):
                continue
            if isinstance(function, (BuiltinFunctionType, FunctionType)):
                same_name = name == function.__name__
                if same_name or made.get(function, "torch._VF").startswith("torch._VF"):
                    made[function] = f"{prefix}.{name}"
    return made


def emit(
    evaluator: Evaluator, function: Callable[..., Any], args: Sequence[Value], kwargs: Mapping[str, Value]
) -> Value:
    """A call of an operation."""
    name = function.__name__
    if name in _REFUSED:
        raise RefusedError("impure-call", f"`{name}` changes or reads what is outside the module")
    if getattr(math, name, None) is function:
        return _math(evaluator, function, args, kwargs)
    args, kwargs = _sizes_as_list(name, list(args)), dict(kwargs)
    for number, arg in enumerate(args if name == "einsum" else args[:1]):
        args[number] = unwrapped(evaluator, arg) if isinstance(arg, Dyn) and arg.type == t.optional(t.TENSOR) else arg
    if "split_size_or_sections" in kwargs:
        args.insert(1, kwargs.pop("split_size_or_sections"))
    args, kwargs = _with_floats(function, args, dict(kwargs))
    function, args = scalars_first.operands(evaluator, function, args, kwargs)
    spelling = _spelling(function)
    if spelling is None:
        raise RefusedError("call-not-lowered", f"`{name}`")
    if name in _RESIZING:
        args = [_as_sizes(evaluator, arg) for arg in args]
        kwargs = {key: _as_sizes(evaluator, arg) for key, arg in kwargs.items()}
    if name == "pad" and type(args[1] if len(args) > 1 else None) in (list, tuple):
        args[1] = [evaluator.call(int, [part]) for part in args[1]]
    example = evaluator.try_out(name, function, args, kwargs)
    given = {_SPELLED.get(key, key): evaluator.residual.expression(value) for key, value in kwargs.items()}
    call = syntax.call(spelling, [evaluator.residual.expression(arg) for arg in args], given)
    if name.endswith("_") and isinstance(example, torch.Tensor) and isinstance(args[0], Dyn):
        evaluator.residual.emit(ast.Expr(call))
        return args[0]
    if name == "multi_head_attention_forward":
        return attended(evaluator, example, call, "attended")
    if name in {"split", "split_with_sizes"} and type(args[1]) in (list, tuple):
        return sections(evaluator, example, call)
    return result_of(evaluator, example, call, name.strip("_"), is_list=name in _LISTS)


def _sizes_as_list(name: str, args: list[Value]) -> list[Value]:
    if name not in _TAKES_SIZES or not args or isinstance(args[0], (list, tuple, Sizes)) or name == "full":
        return args
    if isinstance(args[0], Dyn) and isinstance(args[0].type, t.List):
        return args
    return [list(args)]


def _as_sizes(evaluator: Evaluator, value: Value) -> Value:
    """Sizes that are tensors: eager code takes them for whole numbers."""
    if type(value) in (list, tuple) and any(isinstance(part, Dyn) and part.is_tensor for part in value):
        return [evaluator.call(int, [part]) for part in value]
    return value


def _with_floats(
    function: Callable[..., Any], args: list[Value], kwargs: dict[str, Value]
) -> tuple[list[Value], dict[str, Value]]:
    """Whole numbers where a function declares floats: TorchScript converts nothing."""
    declared = _float_parameters(function)
    if declared:
        args = [_as_float(a) if n < len(declared) and declared[n][1] else a for n, a in enumerate(args)]
        floats = {name for name, is_float in declared if is_float}
        kwargs = {name: _as_float(a) if name in floats else a for name, a in kwargs.items()}
    return args, kwargs


def _as_float(value: Value) -> Value:
    if isinstance(value, Dyn) and value.is_int_or_float:
        return value.as_float()
    return float(value) if type(value) is int else value


@functools.cache
def _float_parameters(function: Callable[..., Any]) -> list[tuple[str, bool]]:
    if isinstance(function, FunctionType):
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, "float" in str(p.annotation)) for p in parameters]
    operator = getattr(torch.ops.aten, function.__name__, None)
    if operator is None or operator.overloads() != ["default"]:
        return []
    return [(argument.name, str(argument.type) == "float") for argument in operator.default._schema.arguments]


def _math(
    evaluator: Evaluator, function: Callable[..., Any], args: Sequence[Value], kwargs: Mapping[str, Value]
) -> Value:
    name = function.__name__
    if not has_dyn((list(args), dict(kwargs))):
        try:
            return function(*args, **kwargs)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise RaisedError(error) from error
    if name not in _OF_MATH or kwargs:
        raise RefusedError("call-not-lowered", f"`math.{name}` of a value known only at run time")
    example = evaluator.try_out(name, function, args, {})
    return evaluator.residual.bind(syntax.call(f"math.{name}", map(evaluator.residual.expression, args)), example, name)


def is_of_numpy(function: Any) -> bool:
    """Whether a function of NumPy computes with numbers; its random numbers are something else."""
    module = getattr(function, "__module__", None) or type(function).__module__
    return module.split(".")[0] == "numpy" and "random" not in module and not isinstance(function, type)


def numpy_number(evaluator: Evaluator, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """NumPy on plain numbers gives a plain number."""
    name = function.__name__
    if has_dyn((list(args), dict(kwargs))):
        if name in {"ceil", "floor", "sqrt", "log", "log2", "exp"} and len(args) == 1 and not kwargs:
            made = _math(evaluator, getattr(math, name), args, {})
            call = syntax.call("float", [evaluator.residual.ref(made)])
            return evaluator.residual.bind(call, float(made.example), name)
        raise RefusedError("call-not-lowered", f"NumPy's `{name}` of a value known only at run time")
    if not all(_is_numeric(value) for value in (*args, *kwargs.values())):
        raise RefusedError("call-not-lowered", f"NumPy's `{name}`")
    made = plain_objects.native(function, *args, **kwargs)
    if not hasattr(made, "item") or getattr(made, "shape", ()) != ():
        raise RefusedError("numpy", f"NumPy's `{name}` gives a `{type(made).__name__}`")
    return made.item()


def _is_numeric(value: Value) -> bool:
    return type(value) in (bool, int, float) or (type(value) in (list, tuple) and all(map(_is_numeric, value)))


def _dtype_of(evaluator: Evaluator, value: Value) -> torch.dtype:
    if isinstance(value, Dyn):
        return guard_dtype(evaluator, value)
    if isinstance(value, torch.dtype):
        return value
    raise RefusedError("call-not-lowered", "the limits of something that is no dtype")


def _limits(kind: type[Any]) -> Callable[..., Value]:
    def limits(evaluator: Evaluator, value: Value = None) -> Value:
        return kind(_dtype_of(evaluator, value))

    return limits


def _tensor(evaluator: Evaluator, data: Value, **kwargs: Value) -> Value:
    data = evaluator.lift(data)
    if isinstance(data, Dyn) and data.is_tensor:
        copied = evaluator.call(evaluator.read(evaluator.call(evaluator.read(data, "detach")), "clone"))
        return _as_tensor(
            evaluator, copied, **{key: value for key, value in kwargs.items() if key in {"dtype", "device"}}
        )
    if kwargs.keys() - {"dtype", "device"}:
        raise RefusedError("call-not-lowered", "`torch.tensor` with more than `dtype` and `device`")
    if "dtype" not in kwargs:  # TorchScript forgets the default dtype of Python
        kwargs["dtype"] = evaluator.try_out("tensor", torch.tensor, [data], {}).dtype
    if isinstance(data, (list, tuple)) and not data:
        return emit(evaluator, torch.zeros, [[0]], kwargs)
    if any(isinstance(d, Dyn) for d in _deep(data)) and isinstance(data, (list, tuple)):
        items = [_tensor(evaluator, item, **kwargs) for item in data]
        return emit(evaluator, torch.stack, [items], {})
    return _plain_emit(evaluator, data, kwargs)


def _as_tensor(evaluator: Evaluator, data: Value, **kwargs: Value) -> Value:
    data = evaluator.lift(data)
    if not (isinstance(data, Dyn) and data.is_tensor):
        return _tensor(evaluator, data, **kwargs)
    for name in ("device", "dtype"):
        if kwargs.get(name) is not None:
            data = evaluator.call(evaluator.read(data, "to"), [kwargs[name]])
    return data


def _plain_emit(evaluator: Evaluator, data: Value, kwargs: dict[str, Value]) -> Value:
    kinds = {type(part) for part in _deep(data)}
    if len(kinds) > 1 and kinds <= {bool, int, float}:  # lists of different numbers end the process in TorchScript
        data = _each(float if float in kinds else int, data)
    example = evaluator.try_out("tensor", torch.tensor, [data], kwargs)
    given = {key: evaluator.residual.expression(value) for key, value in kwargs.items()}
    return evaluator.residual.bind(
        syntax.call("torch.tensor", [evaluator.residual.expression(data)], given), example, "tensor"
    )


def _each(kind: Callable[[Any], Any], value: Value) -> Value:
    return [_each(kind, item) for item in value] if isinstance(value, (list, tuple)) else kind(value)


def _deep(value: Value) -> list[Value]:
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in _deep(item)]
    return [value]


def _is_floating_point(evaluator: Evaluator, value: Value) -> Value:
    return evaluator.call(evaluator.read(value, "is_floating_point"))


def _default_dtype(evaluator: Evaluator) -> torch.dtype:
    evaluator.assumptions[f"the default dtype is {torch.get_default_dtype()}"] = None
    return torch.get_default_dtype()


def _nonzero(evaluator: Evaluator, value: Value, **kwargs: Value) -> Value:
    return evaluator.call(evaluator.read(value, "nonzero"), [], kwargs)


def _where(evaluator: Evaluator, condition: Value, *args: Value, **kwargs: Value) -> Value:
    if not args and not kwargs:
        return _nonzero(evaluator, condition, as_tuple=True)
    return emit(evaluator, torch.where, [condition, *args], kwargs)


SPECIAL: Mapping[Any, Callable[..., Value]] = MappingProxyType(
    {
        torch.finfo: _limits(torch.finfo),
        torch.iinfo: _limits(torch.iinfo),
        torch.tensor: _tensor,
        torch.nonzero: _nonzero,
        torch.where: _where,
        torch.as_tensor: _as_tensor,
        **checks.TABLE,
        torch.is_tensor: lambda _, value: (
            isinstance(value, torch.Tensor) or (isinstance(value, Dyn) and value.is_tensor)
        ),
        torch.is_floating_point: _is_floating_point,
        torch.get_default_dtype: _default_dtype,
        torch.is_grad_enabled: lambda evaluator: evaluator.residual.bind(
            syntax.call("torch.is_grad_enabled"), torch.is_grad_enabled(), "grad"
        ),
    }
)
