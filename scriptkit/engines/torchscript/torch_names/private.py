"""Every private name of torch the engine leans on, in one file; `PRIVATE_NAMES` lists them for the tests.

torch 2.13 offers no public way to compile a module's type without its instance, to hand the compiler a rewritten
method, or to make an instance of a compiled type. Where these names are gone, `is_complete()` is False and the engine
compiles through `torch.jit.script` instead (the same behaviour, slower, and errors point at generated text).
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Optional, Union

import torch
import torch.fx._symbolic_trace as fx_trace
import torch.nn.modules.module as nn_module
from torch import _jit_internal, _sources
from torch.jit import _builtins, _recursive, _state, frontend
from torch.utils._device import DeviceContext

from scriptkit.engines.torchscript.torch_names import python_numbers

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Iterator
    from types import FunctionType


C: Any = torch._C
_recursive_: Any = _recursive
_internal: Any = _jit_internal

PRIVATE_NAMES: dict[str, tuple[object, str]] = {
    "concrete type of a module": (_recursive, "get_module_concrete_type"),
    "store of concrete types": (_recursive, "concrete_type_store"),
    "methods of a torch module": (_recursive, "infer_methods_to_compile"),
    "properties of a torch module": (_recursive, "get_property_stubs"),
    "compile methods": (_recursive, "create_methods_and_properties_from_stubs"),
    "method stub": (_recursive, "ScriptMethodStub"),
    "property stub": (_recursive, "PropertyStub"),
    "wrap a C++ module": (_recursive, "wrap_cpp_module"),
    "names torch never compiles": (_recursive, "ignored_attributes"),
    "definition from source": (frontend, "get_jit_def"),
    "definition from a tree": (frontend, "build_def"),
    "tree of script modules": (_recursive, "create_script_module"),
    "operators by function": (_builtins, "_find_builtin"),
    "ranges of a source": (torch._C._jit_tree_views, "SourceRangeFactory"),
    "default arguments": (frontend, "get_default_args"),
    "parsed definition": (_sources, "ParsedDef"),
    "source context": (_sources, "SourceContext"),
    "name resolution": (_jit_internal, "createResolutionCallbackFromClosure"),
    "modifiers of functions": (_jit_internal, "FunctionModifiers"),
    "overloads of functions": (_jit_internal, "_get_fn_overloads"),
    "overloads of methods": (_jit_internal, "_get_overloaded_methods"),
    "cache of compiled functions": (_state, "_set_jit_function_cache"),
    "compile a function": (torch._C, "_jit_script_compile"),
    "instance of a compiled type": (torch._C, "_create_module_with_type"),
    "builder of types": (torch._C, "ConcreteModuleTypeBuilder"),
    "tracing state": (torch._C, "_get_tracing_state"),
    "autocast state": (torch._C, "_is_any_autocast_enabled"),
    "saved tensor hooks": (torch._C._autograd, "_top_saved_tensors_default_hooks"),
    "function modes": (torch._C, "_len_torch_function_stack"),
    "choice of executor": (torch._C, "_jit_set_profiling_mode"),
    "fx tracing flag": (fx_trace, "_is_fx_tracing_flag"),
    "global module hooks": (nn_module, "_global_forward_hooks"),
}

"""Where a module keeps its hooks, in its instance dictionary."""
"""Which of them get keyword arguments, or run after an exception, too: compiled code does neither."""

JitError: type[Exception] = torch.jit.Error
ScriptModule = torch.jit.ScriptModule
ScriptFunction = torch.jit.ScriptFunction
FunctionModifiers = _internal.FunctionModifiers
IGNORED_ATTRIBUTES = frozenset(_recursive_.ignored_attributes)
ParsedDef: Any = _sources.ParsedDef

DEPRECATION_NOTICE = r"`torch\.jit\..*"


def is_complete() -> bool:
    """Whether the installed torch has every private name (`SCRIPTKIT_PUBLIC_TORCH=1` pretends it has not)."""
    if os.environ.get("SCRIPTKIT_PUBLIC_TORCH") == "1":
        return False
    return _has_private_names()


@lru_cache(maxsize=1)
def _has_private_names() -> bool:
    return all(hasattr(holder, name) for holder, name in PRIVATE_NAMES.values())


@contextlib.contextmanager
def without_deprecation_notices() -> Iterator[None]:
    """Compile without torch's notice that `torch.jit` is deprecated; never used on a call path."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=DEPRECATION_NOTICE, category=DeprecationWarning)
        yield


tracing_state = C._get_tracing_state
autocast_state = C._is_any_autocast_enabled
function_mode_count = C._len_torch_function_stack
saved_tensor_hooks = C._autograd._top_saved_tensors_default_hooks
swaps_parameters = torch.__future__.get_swap_module_params_on_conversion


def must_run_eagerly() -> bool:
    """Whether something in this thread keeps compiled code from representing a call."""
    return (
        tracing_state() is not None
        or autocast_state()
        or fx_trace._is_fx_tracing_flag
        or function_mode_count()
        or saved_tensor_hooks(True) is not None
    )


def why_eagerly() -> str | None:
    """The reason for which no compiled code can run in this thread now, or None."""
    if C._get_tracing_state() is not None:
        return "torch.jit.trace is recording"
    if fx_trace._is_fx_tracing_flag:
        return "torch.fx is tracing"
    if C._is_any_autocast_enabled():
        return "autocast is on, and compiled code follows other dtype rules"
    if C._autograd._top_saved_tensors_default_hooks(True) is not None:
        return "hooks on saved tensors are active (checkpointing, for one)"
    return None


_plain_executors: set[tuple[str, str]] = set()


def method_of(cpp_module: Any, name: str) -> Any:
    """A compiled method as a callable that runs under torch's plain executor.

    The profiling executor keeps the plan of the first calls: after a call in grad mode, results under `no_grad` still
    require grad and `inference_mode` raises (measured on torch 2.13). The executor is chosen when it is made, by a
    switch of the process; call this under the compile lock.
    """
    method = cpp_module._get_method(name)
    key = (cpp_module._type().str(), name)
    if key not in _plain_executors:
        before = C._jit_set_profiling_mode(False)
        try:
            with contextlib.suppress(RuntimeError):  # it makes the executor, then says that flushing is not implemented
                method._debug_flush_compilation_cache()
        finally:
            C._jit_set_profiling_mode(before)
        _plain_executors.add(key)
    return method.__call__


def concrete_type_of(module: torch.nn.Module) -> Any:
    """The concrete type of a (shadow) module: its class, constants, attributes and submodules as torch infers them."""
    return _recursive_.get_module_concrete_type(module)


def is_interface(concrete_type: Any) -> bool:
    """Whether a type only says which methods a submodule has."""
    return isinstance(concrete_type.jit_type, C.InterfaceType)


def holds_container(torch_type: Any) -> bool:
    """Whether values of a TorchScript type are, or hold, a list or dictionary."""
    if isinstance(torch_type, C.ListType | C.DictType):
        return True
    return isinstance(torch_type, C.TupleType | C.OptionalType) and any(
        holds_container(part) for part in torch_type.containedTypes()
    )


def containers_deep(torch_type: Any) -> int:
    """How many lists, dictionaries and tuples lie one inside the other in values of a TorchScript type."""
    if not isinstance(torch_type, C.ListType | C.DictType | C.TupleType | C.OptionalType):
        return 0
    inside = max(map(containers_deep, torch_type.containedTypes()), default=0)
    return inside if isinstance(torch_type, C.OptionalType) else inside + 1


def is_none(torch_type: Any) -> bool:
    """Whether an attribute is None for good: the compiler decides branches by it, so that no code reads it."""
    return isinstance(torch_type, C.NoneType)


def is_tensor(torch_type: Any) -> bool:
    """Whether a TorchScript type is that of tensors."""
    return isinstance(torch_type, C.TensorType)


def argument_names(node: Any) -> list[str]:
    """The parameter names of an operator in a graph."""
    text = node.schema()
    return [] if text == "(no schema)" else [argument.name for argument in C.parse_schema(text).arguments]


def inferred_annotation(value: Any) -> Any:
    """The type torch infers for a value as a Python annotation, or None."""
    inferred = C._jit_try_infer_type(value)
    if not inferred.success():
        return None
    names = {"List": list, "Dict": dict, "Tuple": tuple, "Optional": Optional, "Tensor": torch.Tensor, "Union": Union}
    try:
        return eval(inferred.type().annotation_str, names)  # noqa: S307 - torch's own spelling of a type
    except NameError:  # a type of the user's
        return None


def function_modes() -> list[object]:
    """The torch function modes that are active in this thread."""
    return [C._get_function_stack_at(index) for index in range(C._len_torch_function_stack())]


def is_device_context(mode: object) -> bool:
    """Whether a mode only sets the default device."""
    return isinstance(mode, DeviceContext)


def is_optional(torch_type: Any) -> bool:
    """Whether values of several Python types fit."""
    return isinstance(torch_type, C.OptionalType | C.UnionType | C.AnyType)


def is_constant(value: Any) -> bool:
    """Whether torch takes a value for a constant."""
    try:
        _recursive_._get_valid_constant("", value, "")
    except TypeError:
        return False
    return True


def knows(annotation: Any) -> bool:
    """Whether an annotation is a type of TorchScript."""
    return _holder_of(annotation) is not None


def fits(value: Any, annotation: Any) -> bool:
    """Whether torch can store a value in an attribute of a declared type; True where it does not know the type."""
    holder = _holder_of(annotation)
    if holder is None:
        return True
    try:
        C._create_module_with_type(holder).setattr("value", value)
    except RuntimeError:
        return False
    return True


class _Holder(torch.nn.Module):
    """Gives its name to types with one attribute: under `nn.Module`'s, torch would take that for an annotation."""


_holders: dict[Any, Any] = {}


def _type_of(annotation: Any) -> Any:
    try:
        return torch.jit.annotations.try_ann_to_type(annotation, _sources.fake_range())
    except (AssertionError, OSError, RuntimeError, TypeError, ValueError):  # how torch says that it does not know it
        return None


def _holder_of(annotation: Any) -> Any:
    """A type with one attribute of the declared type."""
    try:
        known = _holders.get(annotation, _holders)
    except TypeError:  # an annotation that cannot be hashed is none that torch knows
        return None
    if known is _holders:
        torch_type = _type_of(annotation)
        builder = C.ConcreteModuleTypeBuilder(_Holder)
        known = None
        if torch_type is not None:
            builder.add_attribute("value", torch_type, False, False)
            known = builder.build().jit_type
        _holders[annotation] = known
    return known


def is_compiled_type(concrete_type: Any) -> bool:
    """Whether the methods of a concrete type are compiled already."""
    return concrete_type in _recursive_.concrete_type_store.methods_compiled


def compile_methods(concrete_type: Any, methods: list[Any], properties: list[Any]) -> None:
    """Compile the methods of a concrete type; raises what the compiler raises.

    One after the other: torch sets the defaults of a method's arguments only when the call that compiles it ends, so
    that methods compiled together cannot leave each other's arguments out.
    """
    if properties:
        _recursive_.create_methods_and_properties_from_stubs(concrete_type, [], properties)
    for stub in methods:
        if not new_instance(concrete_type)._has_method(stub.def_.name().name):
            _recursive_.create_methods_and_properties_from_stubs(concrete_type, [stub], [])
    python_numbers.put_methods_right(new_instance(concrete_type))
    _recursive_.concrete_type_store.methods_compiled.add(concrete_type)


_forwards: dict[type, object] = {}


def was_replaced(cls: type) -> bool:
    """Whether someone replaced `forward` of a class of torch itself since it was first met here."""
    if cls.__module__.split(".")[0] != "torch":
        return False
    forward = getattr(cls, "forward", None)
    return _forwards.setdefault(cls, forward) is not forward


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


def native_stubs(module: torch.nn.Module) -> tuple[list[Any], list[Any]]:
    """The methods and properties torch itself would compile of a module of its own library."""
    return _recursive_.infer_methods_to_compile(module), _recursive_.get_property_stubs(module)


def method_stub(parsed: Any, name: str) -> Any:
    """What the compiler takes for one method; `parsed` is a `ParsedDef` that also looks like a function."""
    callback = _internal.createResolutionCallbackFromClosure(parsed)
    return _recursive_.ScriptMethodStub(callback, definition(parsed, name), parsed)


def property_stub(name: str, getter: Any, setter: Any | None) -> Any:
    """What the compiler takes for one property."""
    views = C._jit_tree_views
    get = definition(getter, f"__{name}_getter")
    put = definition(setter, f"__{name}_setter") if setter is not None else None
    tree = views.Property(get.range(), views.Ident(get.range(), name), get, put)
    return _recursive_.PropertyStub(_internal.createResolutionCallbackFromClosure(getter), tree)


def definition(parsed: Any, name: str, self_name: str | None = "RecursiveScriptModule") -> Any:
    """The compiler's own tree of a parsed function."""
    return frontend.get_jit_def(parsed, name, self_name=self_name)


def source_context(text: str, path: str | None, first_line: int, indentation: int, function: str) -> Any:
    """Where positions of a function's tree lie in its file."""
    return _sources.SourceContext(text, path, first_line, indentation, True, function)


def compile_function(parsed: Any, name: str, qualified_name: str, defaults: dict[str, Any]) -> Any:
    """Compile a free function."""
    callback = _internal.createResolutionCallbackFromClosure(parsed)
    compiled = C._jit_script_compile(qualified_name, definition(parsed, name, None), callback, defaults)
    python_numbers.put_right([compiled])
    return compiled


def default_arguments(function: Any) -> dict[str, Any]:
    """Parameter name to default value."""
    return dict(frontend.get_default_args(function))


def remember_compiled_function(function: FunctionType, compiled: Any) -> None:
    """Let the compiler take `compiled` wherever it meets `function`."""
    _state._set_jit_function_cache(function, compiled)


def has_overloads(function: Any) -> bool:
    """Whether `torch.jit._overload` signatures are registered for a free function."""
    return bool(_internal._get_fn_overloads(_internal._qualified_name(function)))


def qualified_name(function: Any) -> str:
    """The name a function or class gets in TorchScript, `__torch__.package.name`."""
    return str(_internal._qualified_name(function))


def modifier(function: object) -> str:
    """`FunctionModifiers` of a function: export, ignore, unused, or the default."""
    return str(getattr(function, "_torchscript_modifier", FunctionModifiers.DEFAULT))


def ignored_calls(cpp_modules: Iterable[Any]) -> list[str]:
    """The names of the `@ignore`d functions and methods that compiled code calls."""
    graphs = [m._get_method(name).inlined_graph for m in cpp_modules for name in m._method_names()]
    calls = [node for graph in graphs for node in graph.findAllNodes("prim::PythonOp", recurse=True)]
    return sorted({node.pyname() for node in calls if modifier(node.pyobj()) == FunctionModifiers.IGNORE})


def attribute_value(value: Any) -> Any:
    """What compiled code gets: `torch.jit.Attribute` only declares a type."""
    return value.value if isinstance(value, torch.jit.Attribute) else value


def set_modifier(function: Any, name: str) -> None:
    """Mark a function; torch compares these marks by identity."""
    function._torchscript_modifier = getattr(FunctionModifiers, name)


def new_instance(concrete_type: Any) -> Any:
    """A C++ module of a compiled type, without attributes."""
    return C._create_module_with_type(concrete_type.jit_type)


def wrap(cpp_module: Any) -> torch.jit.ScriptModule:
    """A C++ module as the `ScriptModule` every other tool takes."""
    wrapped: torch.jit.ScriptModule = _recursive_.wrap_cpp_module(cpp_module)
    return wrapped


@contextlib.contextmanager
def type_store_unchanged_on_failure(*, keep_complete: bool = False) -> Iterator[None]:
    """Drop every type that a failed compile left half-defined; on request, keep those that it completed before.

    Otherwise the next attempt meets it and says "Can't redefine method" instead of the true error. What
    `torch.jit.script` left half-defined outside of scriptkit is not met either: in here the types are scriptkit's own.
    """
    with _own_type_store() as store:
        before = {cls: list(types) for cls, types in store.type_store.items()}
        compiled = set(store.methods_compiled)
        try:
            yield
        except BaseException:
            complete = set(store.methods_compiled) if keep_complete else compiled
            for cls, types in list(store.type_store.items()):
                types[:] = [one for one in types if one in complete or one in before.get(cls, ())]
                if not types and cls not in before:
                    del store.type_store[cls]
            store.methods_compiled.intersection_update(complete)
            raise


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


_ADDRESS = re.compile(r" \(of Python compilation unit at: 0x[0-9a-f]+\)|___torch_mangle_\d+\.")


def plain(text: str) -> str:
    """A message of torch without addresses and mangled names."""
    return _ADDRESS.sub("", text)


def builtin_name(function: Any) -> str | None:
    """The operator a function stands for, None where the compiler knows none."""
    name: str | None = _builtins._find_builtin(function)
    return name


def source_ranges(text: str, path: str) -> Any:
    """What makes positions in a file."""
    return C._jit_tree_views.SourceRangeFactory(text, path, 1, 0)


def stub_of_tree(tree: ast.FunctionDef, places: Any, class_name: str, names: dict[str, Any]) -> Any:
    """What the compiler takes for one method that exists as a syntax tree only."""
    definition = frontend.build_def(places, tree, None, tree.name, self_name=class_name)
    return _recursive_.ScriptMethodStub(names.get, definition, _no_defaults)


def _no_defaults(self: object) -> None:
    """The function of a method that exists as a syntax tree only: its arguments have no defaults."""


def script_tree(module: torch.nn.Module, stubs_of: Callable[[torch.nn.Module], list[Any]]) -> torch.jit.ScriptModule:
    """Compile a tree of modules whose methods `stubs_of` gives."""
    compiled: torch.jit.ScriptModule = _recursive_.create_script_module(module, stubs_of, share_types=True)
    python_numbers.put_tree_right(compiled, module)
    return compiled


LOCK = threading.RLock()
