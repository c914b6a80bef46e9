"""What the engine asks of torch beneath its public doors; the names and where each leads stand in `table`.

torch 2.13 offers no public way to compile a module's type without its instance, to hand the compiler a rewritten
method, or to make an instance of a compiled type. Where these names are gone, `is_complete()` is False and the engine
compiles through `torch.jit.script` instead (the same behaviour, slower, and errors point at generated text).
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Any

import torch
import torch.fx._symbolic_trace as fx_trace

from scriptkit.engines.torchscript.torch_names import dropped_writes, overloads
from scriptkit.engines.torchscript.torch_names.notices import without_notices
from scriptkit.engines.torchscript.torch_names.stubs import (
    builtin_name,
    default_arguments,
    definition,
    has_overloads,
    method_stub,
    native_stubs,
    property_stub,
    qualified_name,
    source_context,
    source_ranges,
    stub_of_tree,
)
from scriptkit.engines.torchscript.torch_names.table import PRIVATE_NAMES, look_up
from scriptkit.engines.torchscript.torch_names.type_questions import (
    argument_names,
    containers_deep,
    fits,
    holds_container,
    holds_floats,
    inferred_annotation,
    is_constant,
    is_interface,
    is_none,
    is_optional,
    is_tensor,
    knows,
)
from scriptkit.engines.torchscript.torch_names.type_store import (
    compile_function,
    compile_methods,
    concrete_type_of,
    define_container_methods,
    is_compiled_type,
    new_instance,
    remember_compiled_function,
    script_tree,
    type_store_unchanged_on_failure,
    types_thrown_away,
    wrap,
)
from scriptkit.language.parsing import PARSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


__all__ = [
    "IGNORED_ATTRIBUTES",
    "LOCK",
    "PRIVATE_NAMES",
    "FunctionModifiers",
    "JitError",
    "ParsedDef",
    "ScriptFunction",
    "ScriptModule",
    "argument_names",
    "attribute_value",
    "builtin_name",
    "compile_function",
    "compile_methods",
    "concrete_type_of",
    "containers_deep",
    "default_arguments",
    "define_container_methods",
    "definition",
    "dispatch_modes",
    "fits",
    "function_modes",
    "has_overloads",
    "holds_container",
    "holds_floats",
    "ignored_calls",
    "inferred_annotation",
    "is_compiled_type",
    "is_complete",
    "is_constant",
    "is_device_context",
    "is_interface",
    "is_none",
    "is_optional",
    "is_tensor",
    "knows",
    "method_of",
    "method_stub",
    "modifier",
    "must_run_eagerly",
    "native_stubs",
    "new_instance",
    "plain",
    "property_stub",
    "qualified_name",
    "remember_compiled_function",
    "script_tree",
    "set_modifier",
    "source_context",
    "source_ranges",
    "stub_of_tree",
    "swaps_parameters",
    "tracing_state",
    "type_store_unchanged_on_failure",
    "types_thrown_away",
    "was_replaced",
    "while_compiling",
    "why_eagerly",
    "wrap",
]

JitError: type[Exception] = torch.jit.Error
ScriptModule = torch.jit.ScriptModule
ScriptFunction = torch.jit.ScriptFunction
FunctionModifiers = look_up("modifiers of functions")
IGNORED_ATTRIBUTES = frozenset(look_up("names torch never compiles"))
ParsedDef: Any = look_up("parsed definition")


def is_complete() -> bool:
    """Whether the installed torch has every private name (`SCRIPTKIT_PUBLIC_TORCH=1` pretends it has not)."""
    if os.environ.get("SCRIPTKIT_PUBLIC_TORCH") == "1":
        return False
    return _HAS_PRIVATE_NAMES


def has_private_names() -> bool:
    """Whether nothing is missing of what only the compiler's private names can do."""
    return all(private.exists for private in PRIVATE_NAMES.values() if private.has_public_door)


_HAS_PRIVATE_NAMES = has_private_names()  # now, so that the first module of a process does not wait for it


@contextlib.contextmanager
def while_compiling() -> Iterator[None]:
    """Compile without torch's notices of itself, without writes dropped, without needless search; under the lock."""
    with without_notices(), dropped_writes.kept(), overloads.looked_for_where_there_are_some():
        yield


tracing_state = look_up("tracing state")
autocast_state = look_up("autocast state")
function_mode_count = look_up("function modes")
saved_tensor_hooks = look_up("saved tensor hooks")
set_profiling = look_up("choice of executor")
_mode_at = look_up("function mode by place")
_DeviceContext = look_up("mode of a default device")
swaps_parameters = torch.__future__.get_swap_module_params_on_conversion


def _fx_flag_of_the_process() -> bool:
    return bool(fx_trace._is_fx_tracing_flag)


fx_tracing: Callable[[], bool] = getattr(fx_trace, "_get_is_fx_tracing", _fx_flag_of_the_process)


dispatch_modes: Callable[[], int] = look_up("dispatch modes")
"""How many modes of this thread see each operation: what is tried while there are any would be seen too."""


def must_run_eagerly() -> bool:
    """Whether something in this thread keeps compiled code from representing a call."""
    return (
        tracing_state() is not None
        or autocast_state()
        or fx_tracing()
        or function_mode_count()
        or saved_tensor_hooks(True) is not None
    )


def why_eagerly() -> str | None:
    """The reason for which no compiled code can run in this thread now, or None."""
    if tracing_state() is not None:
        return "torch.jit.trace is recording"
    if fx_tracing():
        return "torch.fx is tracing"
    if autocast_state():
        return "autocast is on, and compiled code follows other dtype rules"
    if saved_tensor_hooks(True) is not None:
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
        before = set_profiling(False)
        try:
            with contextlib.suppress(RuntimeError):  # it makes the executor, then says that flushing is not implemented
                method._debug_flush_compilation_cache()
        finally:
            set_profiling(before)
        _plain_executors.add(key)
    return method.__call__


def function_modes() -> list[object]:
    """The torch function modes that are active in this thread."""
    return [_mode_at(index) for index in range(function_mode_count())]


def is_device_context(mode: object) -> bool:
    """Whether a mode only sets the default device."""
    return isinstance(mode, _DeviceContext)


_forwards: dict[type, object] = {}


def was_replaced(cls: type) -> bool:
    """Whether someone replaced `forward` of a class of torch itself since it was first met here."""
    if cls.__module__.split(".")[0] != "torch":
        return False
    forward = getattr(cls, "forward", None)
    return _forwards.setdefault(cls, forward) is not forward


def modifier(function: object) -> str:
    """`FunctionModifiers` of a function: export, ignore, unused, or the default."""
    return str(getattr(function, "_torchscript_modifier", FunctionModifiers.DEFAULT))


def ignored_calls(cpp_modules: Iterable[Any]) -> list[str]:
    """The names of the `@ignore`d functions and methods that compiled code calls."""
    graphs = [m._get_method(name).inlined_graph for m in cpp_modules for name in m._method_names()]
    calls = [node for graph in graphs for node in graph.findAllNodes("prim::PythonOp", recurse=True)]
    return sorted({node.pyname() for node in calls if modifier(node.pyobj()) == FunctionModifiers.IGNORE})


_Declared: Any = torch.jit.Attribute
_ATTRIBUTE: Any = _Declared if isinstance(_Declared, type) else ()
"""The class of declared attributes; with `PYTORCH_JIT=0` the name is a function that gives the value itself."""


def attribute_value(value: Any) -> Any:
    """What compiled code gets: `torch.jit.Attribute` only declares a type."""
    return value.value if isinstance(value, _ATTRIBUTE) else value


DECLARED = "__scriptkit_declared__"
"""The instance entry that holds the types of attributes that were set as `torch.jit.Attribute(value, type)`."""


def set_declared(module: torch.nn.Module, name: str, value: Any) -> Any:
    """The value of an attribute; where it comes as `torch.jit.Attribute`, the module remembers the type."""
    if not isinstance(value, _ATTRIBUTE):
        return value
    module.__dict__.setdefault(DECLARED, {})[name] = value.type
    return value.value


def set_modifier(function: Any, name: str) -> None:
    """Mark a function; torch compares these marks by identity."""
    function._torchscript_modifier = getattr(FunctionModifiers, name)


_ADDRESS = re.compile(r" \(of Python compilation unit at: 0x[0-9a-f]+\)|___torch_mangle_\d+\.")


def plain(text: str) -> str:
    """A message of torch without addresses and mangled names."""
    return _ADDRESS.sub("", text)


LOCK = PARSING
"""Whoever compiles also parses: torch parses without a lock of its own."""
