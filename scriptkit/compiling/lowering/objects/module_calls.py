"""Calls of modules: their `forward`, their methods, and methods of the residual program that stand for theirs."""

from __future__ import annotations

import ast
import types
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator import guards, plain_objects
from scriptkit.compiling.lowering.evaluator.results import attended, result_of
from scriptkit.compiling.lowering.objects import hooks, modules, written_state
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Method, Value
from scriptkit.live.lives import life_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


_CALLS = frozenset({nn.Module.__call__, nn.Module._call_impl, nn.Module._wrapped_call_impl})


_LISTING = frozenset(
    {
        "parameters",
        "named_parameters",
        "buffers",
        "named_buffers",
        "children",
        "named_children",
        "modules",
        "named_modules",
    }
)


_CONTAINER_METHODS = frozenset({"__len__", "__iter__", "__getitem__", "keys", "values", "items", "__contains__"})


def call(evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """`module(...)`, with its hooks."""
    if evaluator.recovery is not None and not evaluator.effects.owns(module):
        return evaluator.recovery.call(evaluator, module, lambda: _call(evaluator, module, args, kwargs))
    return _call(evaluator, module, args, kwargs)


def _call(evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    plain_objects.class_attribute(evaluator, type(module), "__call__")
    own_call: Any = type(module).__call__
    if own_call in _CALLS:
        return call_plainly(evaluator, module, args, kwargs)
    if not isinstance(own_call, types.FunctionType):
        raise RefusedError("call-overridden", f"`{type(module).__name__}` has a `__call__` of its own")
    return call_method(evaluator, module, own_call, args, kwargs)


def call_plainly(evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """What `nn.Module.__call__` does: `forward`, with the hooks round it."""
    if evaluator.effects.owns(module):
        return _call_forward(evaluator, module, args, kwargs)
    if not hooks.has_any(module):
        hooks.refuse(evaluator, module)
        return _call_forward(evaluator, module, args, kwargs)
    args, kwargs = hooks.before(evaluator, module, args, kwargs)
    return hooks.after(evaluator, module, args, kwargs, _call_forward(evaluator, module, args, kwargs))


def _call_forward(evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    if id(module) in evaluator.parts:
        return evaluator.parts[id(module)].call(evaluator, module, args, kwargs)
    if is_leaf(module) and not hooks.has_any(module) and evaluator.residual.path(module) is not None:
        return _call_leaf(evaluator, module, args, kwargs)
    forward = modules.read(evaluator, module, "forward")
    if isinstance(forward, types.MethodType) and isinstance(forward.__self__, nn.Module):
        function: Any = forward.__func__
        return call_method(evaluator, forward.__self__, function, args, kwargs)
    return evaluator.call(forward, args, kwargs)


def call_root(evaluator: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """The call of the module that is lowered."""
    forward = modules.read(evaluator, evaluator.root, "forward")
    if type(evaluator.root).__call__ not in _CALLS:
        result = call(evaluator, evaluator.root, args, kwargs)
    elif isinstance(forward, types.MethodType) and isinstance(forward.__func__, types.FunctionType):
        result = evaluator.call(_InPlace(forward.__func__), [forward.__self__, *args], kwargs)
    else:
        result = evaluator.call(forward, args, kwargs)
    written_state.refuse_unread(evaluator)
    return result


def call_root_with_hooks(evaluator: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """The call of a module that is lowered with the hooks it has."""
    result = call(evaluator, evaluator.root, args, kwargs)
    written_state.refuse_unread(evaluator)
    return result


def is_leaf(module: nn.Module) -> bool:
    """A module of torch's own library, which the compiler knows."""
    cls = type(module)
    return (
        cls.__module__.startswith("torch.nn.modules")
        and not isinstance(module, modules.CONTAINERS)
        and "transformer" not in cls.__module__
        and "forward" not in module.__dict__
        and not module.__dict__["_modules"]
    ) or cls is nn.MultiheadAttention


def construct(evaluator: Evaluator, cls: type[nn.Module], args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A module made in the call, such as `nn.Softmax(-1)`: one that has neither tensors nor a state."""
    before = torch.get_rng_state()
    made: nn.Module = plain_objects.native(cls, *args, **kwargs)
    parts = list(made.modules())
    held = [
        value for part in parts for value in (*vars(part).values(), *part._parameters.values(), *part._buffers.values())
    ]
    if any(isinstance(value, torch.Tensor) for value in held) or not torch.equal(before, torch.get_rng_state()):
        raise RefusedError("call-not-lowered", f"a `{cls.__name__}` is made in the call")
    for part in parts:
        evaluator.effects.own(part)
    return made


_DROPOUTS: dict[type[nn.Module], Callable[..., torch.Tensor]] = {
    nn.Dropout: nn.functional.dropout,
    nn.Dropout1d: nn.functional.dropout1d,
    nn.Dropout2d: nn.functional.dropout2d,
    nn.Dropout3d: nn.functional.dropout3d,
}


def _call_leaf(evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    residual = evaluator.residual
    path = residual.path(module)
    assert path is not None  # noqa: S101 - the caller asked
    if type(module) is nn.Identity and len(args) == 1 and not kwargs:
        return args[0]
    dropout = _DROPOUTS.get(type(module))
    held = vars(module)
    if dropout is not None and type(held["p"]) is int and not kwargs:  # TorchScript wants a float
        training = modules.read(evaluator, module, "training")
        evaluator.facts.read(held, "p", held["p"], "the probability of a dropout")
        return evaluator.call(dropout, [args[0], float(held["p"]), training, held["inplace"]])
    # only modules with buffers write them; they are shown a copy
    shown = life_of(module)
    example = evaluator.try_out(type(module).__name__, shown, args, kwargs)
    residual.leaves[id(module)] = module
    evaluator.facts.leaf(module)
    given = {name: residual.argument(value) for name, value in kwargs.items()}
    expression = syntax.call(path, [residual.argument(arg) for arg in args], given)
    hint = residual.spoken_path(module).rpartition(".")[2]
    hint = hint if not hint.isdigit() else type(module).__name__.lower()
    if isinstance(module, nn.MultiheadAttention):
        return attended(evaluator, example, expression, hint)
    return result_of(evaluator, example, expression, hint)


def call_method(
    evaluator: Evaluator,
    module: nn.Module,
    function: types.FunctionType,
    args: Sequence[Value],
    kwargs: Mapping[str, Value],
) -> Value:
    """A method of a module: evaluated in place where it is the current module's, else a residual method of its own."""
    if function in _CALLS:
        return call_plainly(evaluator, module, args, kwargs)
    name = function.__name__
    torch_own = getattr(nn.Module, name, None) is function
    if torch_own and name in _LISTING:
        return _listed(evaluator, module, name, args, kwargs)
    if torch_own and name == "to" and _is_of_dtype(evaluator, module, args, kwargs):
        return module
    if torch_own and name == "__getattr__":
        return modules.registered_only(evaluator, module, args[0])
    if (torch_own and name == "get_submodule") or (
        name in _CONTAINER_METHODS and isinstance(module, modules.CONTAINERS) and modules.is_of_torch(function)
    ):
        return container_method(evaluator, module, name, args)
    if torch_own and not name.startswith("__") and name not in {"forward", "extra_repr"}:
        raise RefusedError("state-mutated", f"`{name}` of a module is called in the call")
    path = evaluator.residual.path(module)
    # a module of torch is called as it is, and another method of it has no class to stand in
    is_called_whole = is_leaf(module) and name != "forward"
    is_whole = evaluator.is_seen_whole and written_state.writes_buffers(module)
    if path is None or module is evaluator.residual.method.module or is_called_whole or is_whole:
        return evaluator.call(_InPlace(function), [module, *args], kwargs)
    return _apart(evaluator, module, path, name, lambda: evaluator.call(_InPlace(function), [module, *args], kwargs))


class _InPlace:
    """A function to be evaluated in place."""

    def __init__(self, function: types.FunctionType) -> None:
        self.function = function


def function_in_place(value: Any) -> types.FunctionType | None:
    """The function of a call that is to be evaluated in place."""
    return value.function if isinstance(value, _InPlace) else None


def container_method(evaluator: Evaluator, module: nn.Module, name: str, args: Sequence[Value]) -> Value:
    """Methods of `ModuleList`, `Sequential`, `ModuleDict`."""
    if name == "get_submodule":
        found: Any = module
        for part in filter(None, args[0].split(".")):
            found = modules.read(evaluator, found, part)
        return found
    evaluator.facts.content(module._modules)
    if not all(modules.is_of_torch(getattr(type(module), used, None)) for used in (name, "__iter__", "__len__")):
        raise RefusedError("call-not-lowered", f"`{type(module).__name__}.{name}` may be its own")
    if name in {"__iter__", "keys"}:
        return evaluator.effects.own(modules.items_of(evaluator, module))
    if name in {"values", "items", "__len__", "__getitem__", "__contains__"}:
        found = plain_objects.native(getattr(module, name), *args)
        return evaluator.effects.own(list(found)) if name in {"values", "items"} else found
    raise RefusedError("call-not-lowered", f"`{type(module).__name__}.{name}`")


def _is_of_dtype(evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]) -> bool:
    """Whether `module.to(dtype)` changes nothing; the program checks it."""
    dtype = args[0] if len(args) == 1 else None
    tensors_held = [*module.named_parameters(), *module.named_buffers()]
    if kwargs or not isinstance(dtype, torch.dtype) or any(tensor.dtype != dtype for _, tensor in tensors_held):
        return False
    for name, _ in tensors_held:
        owner, _, own_name = name.rpartition(".")
        held = modules.read(evaluator, plain_objects.native(module.get_submodule, owner), own_name)
        guards.guard_dtype(evaluator, evaluator.read(held, "dtype"))
    return True


def _listed(
    evaluator: Evaluator, module: nn.Module, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]
) -> Value:
    """`parameters()` and its like: a list, each tensor a value of the residual program."""
    for part in module.modules():
        for held in (part._modules, part._parameters, part._buffers):
            evaluator.facts.keys_of(held)
    listed = list(plain_objects.native(getattr(module, name), *args, **kwargs))
    for part in module.modules():
        for held in (part._parameters, part._buffers):
            for key, tensor in held.items():
                if tensor is not None:
                    evaluator.residual.tensor(tensor, part, key)
    return evaluator.effects.own(listed)


def _apart(evaluator: Evaluator, module: nn.Module, path: ast.expr, name: str, evaluate: Callable[[], Value]) -> Value:
    """Evaluate into a method of its own; what it takes and gives is known when it is finished."""
    residual = evaluator.residual
    caller = residual.method
    taken = {method.name for method in residual.methods if method.module is module}
    own_name = name if name not in taken and name.isidentifier() else f"{name.strip('_<>')}_{len(taken)}"
    if own_name != "forward" and (hasattr(nn.Module, own_name) or own_name in module._modules):
        own_name = f"{own_name}_{len(taken)}_"
    method = Method(module, caller, own_name)
    residual.methods.append(method)
    residual.method = method
    try:
        result = evaluate()
    except BaseException:
        del residual.methods[residual.methods.index(method) :]  # nobody calls it
        raise
    finally:
        residual.method = caller
        method.is_finished = True
    args = [residual.ref(value) for value, _ in list(method.parameters.values())]
    target = path if own_name == "forward" else ast.Attribute(path, own_name, ast.Load())
    method.call = residual.place.mark(ast.Assign([ast.Tuple([], ast.Store())], syntax.call(target, args)))
    residual.method.blocks[-1].append(method.call)
    return result
