"""Every private name of torch that this engine leans on: where it is, and what happens with a torch that lacks it.

`look_up` gives what a name stands for, once, at import. Where it is gone there are three ways on: another name of torch
that does the same (`instead`); the public door, `torch.jit.script` of generated text (`is_complete` is False); or a
refusal that names it, when it is needed. `nn.Module`'s own dictionaries (`_modules`, `_parameters`, `_buffers`, hooks)
are as good as public and are not listed.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

import torch

from scriptkit.live.private_names import PrivateName, found_for

C: Any = torch._C
_jit: Any = torch.jit


def look_up(what: str) -> Any:
    """What a private name stands for, by its purpose in the table."""
    return found_for(what, PRIVATE_NAMES[what])


def _autocast_is_on() -> bool:
    return any(torch.is_autocast_enabled(device) for device in ("cpu", "cuda"))


def _tracing() -> bool | None:
    return _jit.is_tracing() or None


def _nothing(*_: object) -> None:
    """For what only makes torch quieter or programs smaller."""


def _is_script_object(value: object) -> bool:
    return isinstance(value, torch.ScriptObject)


def _names_unknown(_: object) -> NoReturn:
    raise RuntimeError("this torch lists no operators: they are read from the graphs")


def _door(holder: str, name: str) -> PrivateName:
    return PrivateName(holder, name, has_public_door=True)


_RECURSIVE, _FRONTEND, _INTERNAL = "torch.jit._recursive", "torch.jit.frontend", "torch._jit_internal"
_MODULE, _METHOD = "torch._C.ScriptModule", "torch._C.ScriptMethod"

PRIVATE_NAMES: Final[dict[str, PrivateName]] = {
    # ---- types and methods, compiled beneath torch.jit.script
    "concrete type of a module": _door(_RECURSIVE, "get_module_concrete_type"),
    "store of concrete types": _door(_RECURSIVE, "concrete_type_store"),
    "methods of a torch module": _door(_RECURSIVE, "infer_methods_to_compile"),
    "properties of a torch module": _door(_RECURSIVE, "get_property_stubs"),
    "compile methods": _door(_RECURSIVE, "create_methods_and_properties_from_stubs"),
    "method stub": _door(_RECURSIVE, "ScriptMethodStub"),
    "property stub": _door(_RECURSIVE, "PropertyStub"),
    "wrap a C++ module": _door(_RECURSIVE, "wrap_cpp_module"),
    "names torch never compiles": _door(_RECURSIVE, "ignored_attributes"),
    "tree of script modules": _door(_RECURSIVE, "create_script_module"),
    "is a constant": _door(_RECURSIVE, "_get_valid_constant"),
    "definition from source": _door(_FRONTEND, "get_jit_def"),
    "definition from a tree": _door(_FRONTEND, "build_def"),
    "default arguments": _door(_FRONTEND, "get_default_args"),
    "operators by function": _door("torch.jit._builtins", "_find_builtin"),
    "ranges of a source": _door("torch._C._jit_tree_views", "SourceRangeFactory"),
    "tree of a property": _door("torch._C._jit_tree_views", "Property"),
    "tree of a name": _door("torch._C._jit_tree_views", "Ident"),
    "parsed definition": _door("torch._sources", "ParsedDef"),
    "source context": _door("torch._sources", "SourceContext"),
    "range of nothing": _door("torch._sources", "fake_range"),
    "name resolution": _door(_INTERNAL, "createResolutionCallbackFromClosure"),
    "modifiers of functions": _door(_INTERNAL, "FunctionModifiers"),
    "overloads of functions": _door(_INTERNAL, "_get_fn_overloads"),
    "overloads of methods": _door(_INTERNAL, "_get_overloaded_methods"),
    "overloads of a module": PrivateName(_RECURSIVE, "get_overload_annotations"),
    "overloads that were declared": PrivateName(_INTERNAL, "_overloaded_methods"),
    "qualified name": _door(_INTERNAL, "_qualified_name"),
    "functions that are operators": PrivateName("torch.jit._builtins", "_get_builtin_table"),
    "compiled functions by name": PrivateName("torch.jit._state", "_jit_caching_layer"),
    "renormalisation of embeddings": PrivateName("torch.nn.functional", "_no_grad_embedding_renorm_"),
    "cache of compiled functions": _door("torch.jit._state", "_set_jit_function_cache"),
    "compile a function": _door("torch._C", "_jit_script_compile"),
    "instance of a compiled type": _door("torch._C", "_create_module_with_type"),
    "builder of types": _door("torch._C", "ConcreteModuleTypeBuilder"),
    "type of a value": _door("torch._C", "_jit_try_infer_type"),
    "schema of a text": _door("torch._C", "parse_schema"),
    "types of TorchScript": _door("torch._C", "InterfaceType"),
    # ---- what this thread is doing
    "tracing state": PrivateName("torch._C", "_get_tracing_state", has_public_door=True, instead=_tracing),
    "autocast state": PrivateName(
        "torch._C", "_is_any_autocast_enabled", has_public_door=True, instead=_autocast_is_on
    ),
    "saved tensor hooks": _door("torch._C._autograd", "_top_saved_tensors_default_hooks"),
    "function modes": _door("torch._C", "_len_torch_function_stack"),
    "function mode by place": _door("torch._C", "_get_function_stack_at"),
    "dispatch modes": PrivateName("torch._C", "_len_torch_dispatch_stack", instead=_nothing),
    "mode of a default device": _door("torch.utils._device", "DeviceContext"),
    "fx tracing flag": PrivateName(
        "torch.fx._symbolic_trace", "_get_is_fx_tracing", has_public_door=True, spare="_is_fx_tracing_flag"
    ),
    "choice of executor": _door("torch._C", "_jit_set_profiling_mode"),
    "global module hooks": _door("torch.nn.modules.module", "_global_forward_hooks"),
    "global hooks before modules": _door("torch.nn.modules.module", "_global_forward_pre_hooks"),
    "global hooks of backward": _door("torch.nn.modules.module", "_global_backward_hooks"),
    "global hooks before backward": _door("torch.nn.modules.module", "_global_backward_pre_hooks"),
    "no function of its own": PrivateName(
        "torch._C", "_disabled_torch_function_impl", instead=torch.nn.Parameter.__torch_function__
    ),
    "a call with other tensors": PrivateName(
        "torch.nn.utils.stateless", "_functional_call", instead=torch.func.functional_call
    ),
    "guards of dictionaries": PrivateName("torch._C._dynamo.guards", "RootGuardManager"),
    # ---- recording
    "modules while tracing": PrivateName("torch.jit._trace", "_trace_module_map"),
    "unit of everything compiled": PrivateName("torch.jit._state", "_python_cu"),
    "tracing state to be": PrivateName("torch._C", "_set_tracing_state"),
    "whether the tracer warns": PrivateName("torch._C", "_jit_get_tracer_state_warn", instead=_nothing),
    "let the tracer warn": PrivateName("torch._C", "_jit_set_tracer_state_warn", instead=_nothing),
    "object of TorchScript": PrivateName("torch._C", "_jit_is_script_object", instead=_is_script_object),
    "calls written out": PrivateName("torch._C", "_jit_pass_inline"),
    "unused nodes dropped": PrivateName("torch._C", "_jit_pass_dce", instead=_nothing),
    "program of a graph": PrivateName("torch._C", "_create_function_from_graph"),
    # ---- made faster
    "program with constant weights": PrivateName("torch._C", "_freeze_module"),
    "frozen graph simplified": PrivateName("torch._C", "_jit_pass_optimize_frozen_graph"),
    "program for this machine": PrivateName("torch._C", "_jit_pass_optimize_for_inference"),
    "fusion by oneDNN": PrivateName("torch._C", "_jit_set_llga_enabled"),
    "whether oneDNN fuses": PrivateName("torch._C", "_jit_llga_enabled"),
    # ---- files
    "unit of a program": PrivateName("torch._C", "CompilationUnit"),
    "program of bytes": PrivateName("torch._C", "import_ir_module_from_buffer"),
    "program of a package": PrivateName("torch._C", "_import_ir_module_from_package"),
    "reader of archives": PrivateName("torch._C", "PyTorchFileReader"),
    "storages of an archive": PrivateName("torch._C", "DeserializationStorageContext"),
    "writer of archives": PrivateName("torch._C", "PyTorchFileWriter"),
    "writer of programs": PrivateName("torch._C", "ScriptModuleSerializer"),
    "versions of operators": PrivateName("torch._C", "_get_operator_version_map"),
    "check of a sparse tensor": PrivateName("torch", "_validate_sparse_coo_tensor_args"),
    "indices of a sparse tensor": PrivateName("torch.Tensor", "_indices"),
    "values of a sparse tensor": PrivateName("torch.Tensor", "_values"),
    "operators of a program": PrivateName("torch._C", "_export_opnames", instead=_names_unknown),
    "schemas of an operator": PrivateName("torch._C", "_jit_get_schemas_for_operator"),
    # ---- members of compiled objects, and of functions that were marked
    "mark of a function": PrivateName("torch.jit.export", "_torchscript_modifier", of_instances=True),
    "C++ module": PrivateName("torch.jit.ScriptModule", "_c", of_instances=True),
    "concrete type of a compiled module": PrivateName("torch.jit.ScriptModule", "_concrete_type", of_instances=True),
    "type of a C++ module": _door(_MODULE, "_type"),
    "method of a C++ module": _door(_MODULE, "_get_method"),
    "methods of a C++ module": _door(_MODULE, "_method_names"),
    "whether it has a method": _door(_MODULE, "_has_method"),
    "method defined by text": _door(_MODULE, "_define"),
    "method recorded": PrivateName(_MODULE, "_create_method_from_trace"),
    "hooks compiled": PrivateName(_MODULE, "_get_forward_hooks"),
    "hooks compiled before": PrivateName(_MODULE, "_get_forward_pre_hooks"),
    "attribute written": _door(_MODULE, "setattr"),
    "attribute read": _door(_MODULE, "getattr"),
    "whether it has an attribute": _door(_MODULE, "hasattr"),
    "bytes of a program": PrivateName(_MODULE, "save_to_buffer"),
    "executor made": _door(_METHOD, "_debug_flush_compilation_cache"),
}
