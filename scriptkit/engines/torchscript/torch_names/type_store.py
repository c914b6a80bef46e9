"""The compiled types torch keeps: scriptkit's own, apart from those of others, with nothing left of a failure."""

from __future__ import annotations

import contextlib
from types import FunctionType
from typing import TYPE_CHECKING, Any

import torch
from torch.jit import _recursive

from scriptkit.engines.torchscript.torch_names import put_right
from scriptkit.engines.torchscript.torch_names.stubs import definition, names_seen_by
from scriptkit.engines.torchscript.torch_names.table import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_recursive_: Any = _recursive  # `concrete_type_store` in it is exchanged while scriptkit compiles
_concrete_type_of = look_up("concrete type of a module")
_compile_methods = look_up("compile methods")
_compile_function, _remember = look_up("compile a function"), look_up("cache of compiled functions")
_new_instance, _wrapped = look_up("instance of a compiled type"), look_up("wrap a C++ module")
_make_tree = look_up("tree of script modules")


def concrete_type_of(module: torch.nn.Module) -> Any:
    """The concrete type of a (shadow) module: its class, constants, attributes and submodules as torch infers them."""
    return _concrete_type_of(module)


def is_compiled_type(concrete_type: Any) -> bool:
    """Whether the methods of a concrete type are compiled already."""
    return concrete_type in _recursive_.concrete_type_store.methods_compiled


def compile_methods(concrete_type: Any, methods: list[Any], properties: list[Any]) -> None:
    """Compile the methods of a concrete type; raises what the compiler raises.

    One after the other: torch sets the defaults of a method's arguments only when the call that compiles it ends, so
    that methods compiled together cannot leave each other's arguments out.
    """
    if properties:
        _compile_methods(concrete_type, [], properties)
    for stub in methods:
        if not new_instance(concrete_type)._has_method(stub.def_.name().name):
            _compile_methods(concrete_type, [stub], [])
    put_right.methods(new_instance(concrete_type))
    _recursive_.concrete_type_store.methods_compiled.add(concrete_type)


def define_container_methods(module: torch.nn.Module, concrete_type: Any) -> None:
    """`len(...)` of a module container, and `in` of a `ModuleDict`, which torch defines for each instance it wraps."""
    if not isinstance(module, torch.nn.ModuleList | torch.nn.Sequential | torch.nn.ModuleDict):
        return
    instance = new_instance(concrete_type)
    if not instance._has_method("__len__"):
        instance._define(concrete_type, f"def __len__(self):\n    return {len(module._modules)}\n", lambda _: None)
    if isinstance(module, torch.nn.ModuleDict) and not instance._has_method("__contains__"):
        keys = list(module._modules)
        found = f"key in {keys!r}" if keys else "False"
        instance._define(concrete_type, f"def __contains__(self, key: str):\n    return {found}\n", lambda _: None)


def compile_function(parsed: Any, name: str, qualified_name: str, defaults: dict[str, Any]) -> Any:
    """Compile a free function."""
    compiled = _compile_function(qualified_name, definition(parsed, name, None), names_seen_by(parsed), defaults)
    put_right.functions([compiled])
    return compiled


def remember_compiled_function(function: FunctionType, compiled: Any) -> None:
    """Let the compiler take `compiled` wherever it meets `function`."""
    _remember(function, compiled)


def new_instance(concrete_type: Any) -> Any:
    """A C++ module of a compiled type, without attributes."""
    return _new_instance(concrete_type.jit_type)


def wrap(cpp_module: Any) -> torch.jit.ScriptModule:
    """A C++ module as the `ScriptModule` every other tool takes."""
    wrapped: torch.jit.ScriptModule = _wrapped(cpp_module)
    return wrapped


def script_tree(module: torch.nn.Module, stubs_of: Callable[[torch.nn.Module], list[Any]]) -> torch.jit.ScriptModule:
    """Compile a tree of modules whose methods `stubs_of` gives."""
    compiled: torch.jit.ScriptModule = _make_tree(module, stubs_of, share_types=True)
    put_right.tree(compiled, module)
    return compiled


@contextlib.contextmanager
def type_store_unchanged_on_failure(*, keep_complete: bool = False) -> Iterator[None]:
    """Drop every type that a failed compile left half-defined; on request, keep those that it completed before.

    Otherwise the next attempt meets it and says "Can't redefine method" instead of the true error. What
    `torch.jit.script` left half-defined outside of scriptkit is not met either: in here the types are scriptkit's own.
    """
    with _own_type_store() as store, _late_methods() as damaged:
        before = {cls: list(types) for cls, types in store.type_store.items()}
        compiled = set(store.methods_compiled)
        try:
            yield
        except BaseException:
            complete = set(store.methods_compiled) if keep_complete else compiled
            complete.difference_update(damaged)
            for cls, types in list(store.type_store.items()):
                known = [one for one in before.get(cls, ()) if one not in damaged]
                types[:] = [one for one in types if one in complete or one in known]
                if not types and cls not in before:
                    del store.type_store[cls]
            store.methods_compiled.intersection_update(complete)
            raise


_WHOLE = frozenset(value for value in vars(torch.nn.Module).values() if isinstance(value, FunctionType)) - {
    torch.nn.Module.forward,
    torch.nn.Module.extra_repr,
}
"""What every module has, and no compiled code: `train`, `to`, `requires_grad_`."""


@contextlib.contextmanager
def _late_methods() -> Iterator[list[Any]]:
    """Gives the types whose methods failed to compile when another method called them.

    Such a type has the method by name, without code: no file can hold a module of it, not even one that was compiled
    before. Where this is known beforehand, torch does not get to define it.
    """
    damaged: list[Any] = []
    compile_late = _recursive_.compile_unbound_method

    def compile_method(concrete_type: Any, function: Any) -> Any:
        if function in _WHOLE:
            raise RuntimeError(f"`{function.__name__}` of nn.Module is no compiled code: call it from Python")
        try:
            return compile_late(concrete_type, function)
        except BaseException:
            damaged.append(concrete_type)
            raise

    _recursive_.compile_unbound_method = compile_method
    try:
        yield damaged
    finally:
        _recursive_.compile_unbound_method = compile_late


_own_types: list[Any] = []


@contextlib.contextmanager
def _own_type_store() -> Iterator[Any]:
    """Let torch keep the types it makes in here apart from those of other users; call this under the compile lock."""
    store = _recursive_.concrete_type_store
    if not _own_types:
        _own_types.append(type(store)())
    own = _own_types[0]
    _recursive_.concrete_type_store = own
    try:
        yield own
    finally:
        _recursive_.concrete_type_store = store


class _AskedError(Exception):
    """Not an error: a question to the compiler is answered."""


@contextlib.contextmanager
def types_thrown_away() -> Iterator[None]:
    """Drop every type that was compiled in here, also where nothing failed."""
    with contextlib.suppress(_AskedError), type_store_unchanged_on_failure():
        yield
        raise _AskedError
