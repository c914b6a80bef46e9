"""Attributes and methods of values known at run time, chiefly tensors."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.evaluator import results
from scriptkit.compiling.lowering.evaluator.guards import guard_dtype
from scriptkit.compiling.lowering.evaluator.optionals import unwrapped
from scriptkit.compiling.lowering.evaluator.results import result_of
from scriptkit.compiling.lowering.operations import lists, torch_functions
from scriptkit.compiling.lowering.operations.operators import binary
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import TensorMethod
from scriptkit.compiling.lowering.world.values import Dyn, Sizes, Value, spelled
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


_RUN_TIME = frozenset({"dtype", "device", "requires_grad", "is_cuda", "is_sparse", "is_quantized", "is_meta", "layout"})
_TAKES_SIZES = frozenset(
    "view reshape expand permute repeat new_zeros new_ones new_empty flip tile view_as_real unflatten".split()
)
_REFUSED = frozenset(
    "numpy resize_ resize_as_ set_ t_ unsqueeze_ squeeze_ transpose_ swapaxes_ swapdims_ register_hook "
    "backward data_ptr storage untyped_storage as_subclass apply_ map_ to_sparse retain_grad detach_ share_memory_ "
    "swapaxes_ as_strided_ names rename cuda share_memory __array__ put_".split()
)
_LISTS = frozenset(
    "split unbind chunk tensor_split split_with_sizes hsplit vsplit dsplit unsafe_chunk unsafe_split".split()
)
_SPELLED = {"axis": "dim", "keepdims": "keepdim"}


def product(evaluator: Evaluator, sizes: Sequence[Value]) -> Value:
    """The product of sizes."""
    made: Value = 1
    for size in sizes:
        made = binary(evaluator, ast.Mult, made, size) if isinstance(made, Dyn) or made != 1 else size
    return made


def attribute(evaluator: Evaluator, value: Dyn, name: str) -> Value:
    """`value.name`."""
    if value.is_optional and value.example is None:
        raise RaisedError(AttributeError(f"'NoneType' object has no attribute '{name}'"))
    if value.is_optional:
        value = unwrapped(evaluator, value)
    if value.is_tensor:
        return _tensor_attribute(evaluator, value, name)
    if value.type == t.DEVICE and name in {"type", "index"}:
        if name == "index" and value.example.index is None:
            raise RefusedError("type-without-counterpart", "the index of a device may be None")
        return evaluator.residual.bind(_dot(evaluator, value, name), getattr(value.example, name), f"device_{name}")
    if isinstance(value.example, torch.dtype):
        guard_dtype(evaluator, value)
        return getattr(value.example, name)
    if hasattr(value.example, name) and callable(getattr(value.example, name)):
        return TensorMethod(value, name)
    raise RaisedError(AttributeError(f"no attribute '{name}'"))


def _dot(evaluator: Evaluator, value: Dyn, name: str) -> ast.expr:
    return ast.Attribute(evaluator.residual.ref(value), name, ast.Load())


def _tensor_attribute(evaluator: Evaluator, value: Dyn, name: str) -> Value:
    special = _ATTRIBUTES.get(name)
    if special is not None:
        return special(evaluator, value)
    example = value.example
    if name in _RUN_TIME:
        return evaluator.residual.bind(_dot(evaluator, value, name), getattr(example, name), name)
    if not hasattr(example, name):
        raise RaisedError(AttributeError(f"'Tensor' object has no attribute '{name}'"))
    if name in _REFUSED or not callable(getattr(example, name)):
        raise RefusedError("tensor-attribute-not-lowered", f"`.{name}` of a tensor")
    return TensorMethod(value, name)


def shape(evaluator: Evaluator, value: Dyn) -> Sizes:
    """The sizes of a tensor; unpacking them checks the rank at run time."""
    if value.example.dim() == 0:
        rank(evaluator, value)
        return Sizes(())
    expression = syntax.call(_dot(evaluator, value, "size"))
    made = result_of(evaluator, value.example.shape, expression, f"{value.name}_size")
    assert isinstance(made, Sizes)  # noqa: S101 - a `torch.Size` gives sizes
    return made


def rank(evaluator: Evaluator, value: Dyn) -> int:
    """The number of dimensions: the example's, checked at run time."""
    count = int(value.example.dim())
    if value.rank_checked_in is None or not any(
        value.rank_checked_in is block for block in evaluator.residual.method.blocks
    ):
        same = ast.Compare(syntax.call(_dot(evaluator, value, "dim")), [ast.Eq()], [ast.Constant(count)])
        evaluator.residual.emit(syntax.require_as_lowered(same, f"lowered for {count} dimensions here"))
        value.rank_checked_in = evaluator.residual.method.blocks[-1]
    return count


def _transposed(evaluator: Evaluator, value: Dyn) -> Value:
    dimensions = rank(evaluator, value)
    return method(evaluator, value, "permute", [list(range(dimensions))[::-1]], {})


def _adjoint(evaluator: Evaluator, value: Dyn) -> Value:
    return method(evaluator, method(evaluator, value, "transpose", [-2, -1], {}), "conj", [], {})


_ATTRIBUTES: dict[str, Callable[[Any, Dyn], Value]] = {
    "shape": shape,
    "ndim": rank,
    "is_nested": lambda _, value: bool(value.example.is_nested),
    "is_mkldnn": lambda _, value: bool(value.example.is_mkldnn),
    "T": _transposed,
    "data": lambda evaluator, value: result_of(
        evaluator, value.example.detach(), _dot(evaluator, value, "data"), f"{value.name}_data"
    ),
    "mH": _adjoint,
    "H": _adjoint,
    "mT": lambda evaluator, value: method(evaluator, value, "transpose", [-2, -1], {}),
    "real": lambda evaluator, value: torch_functions.emit(evaluator, torch.real, [value], {}),
    "imag": lambda evaluator, value: torch_functions.emit(evaluator, torch.imag, [value], {}),
}


def method(evaluator: Evaluator, value: Dyn, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """`value.name(...)`."""
    if not value.is_tensor:
        return _method_of_other(evaluator, value, name, list(args), kwargs)
    if name in {"dim", "ndimension"}:
        return rank(evaluator, value)
    if name == "size" and not args and not kwargs:
        return shape(evaluator, value)
    special = _METHODS.get(name)
    if special is not None:
        return special(evaluator, value, list(args), dict(kwargs))
    return _emit_method(evaluator, value, name, list(args), dict(kwargs))


def _emit_method(evaluator: Evaluator, value: Dyn, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if name in _TAKES_SIZES and args and _is_size(args[0]):
        sizes = args if name != "unflatten" else args[1]
        sizes = [_as_size(evaluator, size) for size in sizes]
        args = [sizes] if name != "unflatten" else [args[0], sizes]
    args = [_sizes(evaluator, arg) for arg in args]
    kwargs = {key: _sizes(evaluator, arg) for key, arg in kwargs.items()}
    if name == "to":
        args, kwargs = _to_arguments(args, kwargs)
    example = evaluator.try_out(name, getattr(torch.Tensor, name), [value, *args], kwargs)
    given = {_SPELLED.get(key, key): evaluator.residual.expression(item) for key, item in kwargs.items()}
    call = syntax.call(_dot(evaluator, value, name), [evaluator.residual.expression(arg) for arg in args], given)
    if name.endswith("_") and not name.endswith("__") and isinstance(example, torch.Tensor):
        evaluator.residual.emit(ast.Expr(call))
        return value
    if name in {"split", "split_with_sizes"} and args and type(args[0]) is list:
        return results.sections(evaluator, example, call)
    return result_of(evaluator, example, call, name.strip("_"), is_list=name in _LISTS)


def _is_size(value: Value) -> bool:
    if isinstance(value, Dyn) and value.is_tensor:
        return bool(value.example.dim() == 0)
    return type(value) is int or (isinstance(value, Dyn) and value.type == t.INT and isinstance(value.example, int))


def _sizes(evaluator: Evaluator, value: Value) -> Value:
    """Sizes that are partly tensors: eager takes them for whole numbers."""
    if type(value) in (list, tuple, Sizes) and any(type(part) is int or _is_int(part) for part in value):
        return [_as_size(evaluator, part) for part in value]
    return value


def _is_int(value: Value) -> bool:
    return isinstance(value, Dyn) and t.without_none(value.type) == t.INT


def _as_size(evaluator: Evaluator, value: Value) -> Value:
    value = unwrapped(evaluator, value)
    return evaluator.call(int, [value]) if isinstance(value, Dyn) and value.is_tensor else value


def _to_arguments(args: list[Value], kwargs: dict[str, Value]) -> tuple[list[Value], dict[str, Value]]:
    """`to` in the forms that TorchScript has."""
    if args and isinstance(args[0], str):
        args = [torch.device(args[0]), *args[1:]]
    if not args and kwargs.keys() == {"device", "dtype"}:
        return [kwargs["device"], kwargs["dtype"]], {}
    if not args and len(kwargs) == 1 and kwargs.keys() <= {"device", "dtype"}:
        return list(kwargs.values()), {}
    if args and args[0] is None:
        raise RefusedError("call-not-lowered", "`to(None)`")
    return args, kwargs


def _item(evaluator: Evaluator, value: Dyn, _: list[Value], __: dict[str, Value]) -> Value:
    example = evaluator.try_out("item", torch.Tensor.item, [value], {})
    if not isinstance(example, (bool, int, float)):
        raise RefusedError("type-without-counterpart", "a complex number")
    kind = value.example.dtype
    dtype = ast.Compare(_dot(evaluator, value, "dtype"), [ast.Eq()], [syntax.literal(kind) or ast.Constant(None)])
    evaluator.residual.emit(syntax.require_as_lowered(dtype, f"lowered for {kind} here"))
    call = syntax.call(type(example).__name__, [syntax.call(_dot(evaluator, value, "item"))])
    return evaluator.residual.bind(call, example, "item")


def _to_list(evaluator: Evaluator, value: Dyn, _: list[Value], __: dict[str, Value]) -> Value:
    if rank(evaluator, value) != 1:
        raise RefusedError("call-not-lowered", "`tolist` of a tensor that has not one dimension")
    example = evaluator.try_out("tolist", torch.Tensor.tolist, [value], {})
    element = t.INT if not value.example.dtype.is_floating_point else t.FLOAT
    if value.example.dtype == torch.bool:
        element = t.BOOL
    made = evaluator.residual.declare(t.List(element), example, "items")
    call = syntax.call(_dot(evaluator, value, "tolist"))
    evaluator.residual.emit(ast.AnnAssign(syntax.store(made.name), spelled(made.type), call, 1))
    return made


def _bool_method(name: str, type_: Any) -> Callable[[Any, Dyn, list[Value], dict[str, Value]], Value]:
    def emit(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if args or kwargs:
            raise RefusedError("call-not-lowered", f"`{name}` with arguments")
        if value.slot is not None and name in {"is_floating_point", "is_complex"}:
            return getattr(value.example, name)()  # neither `half` nor `double` changes that
        return evaluator.residual.bind(
            syntax.call(_dot(evaluator, value, name)), type_(getattr(value.example, name)()), name
        )

    return emit


def _as_type(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
    is_dtype = len(args) == 1 and isinstance(evaluator.example(args[0]), torch.dtype)
    if is_dtype and not kwargs:
        return _emit_method(evaluator, value, "to", args, {})
    raise RefusedError("call-not-lowered", "`type` with anything but a dtype")


def _nonzero(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args or kwargs.keys() - {"as_tuple"} or not isinstance(kwargs.get("as_tuple", False), bool):
        raise RefusedError("call-not-lowered", "this form of `nonzero`")
    if not kwargs.get("as_tuple"):
        return _emit_method(evaluator, value, "nonzero", [], {})
    rank(evaluator, value)
    example = evaluator.try_out("nonzero", lambda x: list(x.nonzero(as_tuple=True)), [value], {})
    found = evaluator.residual.bind(syntax.call(_dot(evaluator, value, "nonzero_numpy")), example, "found")
    return tuple(evaluator.unpack(found, len(example)))


_MAKERS = frozenset("zeros zeros_like ones ones_like empty empty_like full full_like rand randn".split())


def _requires_grad(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Of a tensor that was made just before: nobody else's gradients are touched."""
    block = evaluator.residual.method.blocks[-1]
    match block[-1] if block and not args and not kwargs else None:
        case ast.Assign([ast.Name(name)], ast.Call(ast.Attribute(ast.Name("torch"), maker))) if maker in _MAKERS:
            if name == value.name and value.slot is None:
                evaluator.residual.emit(ast.Expr(syntax.call(_dot(evaluator, value, "requires_grad_"))))
                return value
        case _:
            pass
    raise RefusedError("tensor-attribute-not-lowered", "`requires_grad_` of a tensor that others may hold")


def _sparse(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args or kwargs:
        raise RefusedError("call-not-lowered", "`to_sparse_coo` with arguments")
    example = evaluator.try_out("to_sparse_coo", torch.Tensor.to_sparse, [value], {})
    return evaluator.residual.bind(syntax.call(_dot(evaluator, value, "to_sparse")), example, "sparse")


def _norm(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """TorchScript wants `p` wherever there is a `dim`."""
    if not args and kwargs.get("p", "fro") == "fro":
        kwargs["p"] = 2
    return _emit_method(evaluator, value, "norm", args, kwargs)


def _split(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
    for name in ("split_size", "split_size_or_sections"):
        if name in kwargs:
            args.insert(0, kwargs.pop(name))
    if args and isinstance(args[0], tuple):
        args[0] = list(args[0])
    return _emit_method(evaluator, value, "split", args, kwargs)


def _as_dtype(dtype: torch.dtype) -> Callable[[Any, Dyn, list[Value], dict[str, Value]], Value]:
    def convert(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if args or kwargs:
            raise RefusedError("call-not-lowered", "a conversion with arguments")
        return _emit_method(evaluator, value, "to", [dtype], {})

    return convert


def _new_tensor(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
    like = {name: _tensor_attribute(evaluator, value, name) for name in ("dtype", "device")}
    return evaluator.call(torch.tensor, args, like | kwargs)


def _unique(evaluator: Evaluator, value: Dyn, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return evaluator.call(torch.unique, [value, *args], kwargs)


_METHODS: dict[str, Callable[[Any, Dyn, list[Value], dict[str, Value]], Value]] = {
    "item": _item,
    "tolist": _to_list,
    "type": _as_type,
    "nonzero": _nonzero,
    "requires_grad_": _requires_grad,
    "to_sparse_coo": _sparse,
    "norm": _norm,
    "bool": _as_dtype(torch.bool),
    "bfloat16": _as_dtype(torch.bfloat16),
    "new_tensor": _new_tensor,
    "unique": _unique,
    "split": _split,
    "numel": _bool_method("numel", int),
    "nelement": _bool_method("numel", int),
    "is_floating_point": _bool_method("is_floating_point", bool),
    "is_complex": _bool_method("is_complex", bool),
    "is_contiguous": _bool_method("is_contiguous", bool),
    "__len__": lambda evaluator, value, _, __: _emit_method(evaluator, value, "size", [0], {}),
}


def _method_of_other(
    evaluator: Evaluator, value: Dyn, name: str, args: list[Value], kwargs: Mapping[str, Value]
) -> Value:
    """Methods of lists and of texts."""
    if kwargs:
        raise RefusedError("call-not-lowered", f"`{name}` with keywords")
    if isinstance(value.type, t.List):
        return lists.method(evaluator, value, name, args)
    if value.type == t.STR and name in {"lower", "upper", "startswith", "endswith", "strip"}:
        example = evaluator.try_out(name, getattr(str, name), [value, *args], {})
        return result_of(
            evaluator,
            example,
            syntax.call(_dot(evaluator, value, name), map(evaluator.residual.expression, args)),
            name,
        )
    raise RefusedError("call-not-lowered", f"`{name}` of a `{value.type}` known only at run time")
