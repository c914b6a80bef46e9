# ruff: noqa: N801, PYI036, SLF001 - these are torch's names
# Re-exported, and typed by torch.
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextlib import contextmanager as contextmanager
from os import PathLike
from typing import IO, Any, NamedTuple, ParamSpec, TypeAlias, TypeVar, overload

# torch.jit imports these without exporting them: `attr-defined` in every strict project.
from typing import Final as Final

import torch
from torch import Tensor
from torch import device as _device
from torch._jit_internal import Future as Future
from torch._jit_internal import export as export
from torch._jit_internal import is_scripting as is_scripting
from torch._jit_internal import unused as unused
from torch.jit._freeze import optimize_for_inference as optimize_for_inference
from torch.jit._freeze import run_frozen_optimizations as run_frozen_optimizations
from torch.jit._script import CompilationUnit as CompilationUnit
from torch.jit._script import RecursiveScriptClass as RecursiveScriptClass
from torch.jit._script import RecursiveScriptModule as RecursiveScriptModule
from torch.jit._script import ScriptFunction as ScriptFunction
from torch.jit._script import ScriptModule as ScriptModule
from torch.jit._script import ScriptWarning as ScriptWarning
from torch.jit._script import interface as interface
from torch.jit._script import script as script
from torch.jit._trace import ONNXTracedModule as ONNXTracedModule
from torch.jit._trace import TopLevelTracedModule as TopLevelTracedModule
from torch.jit._trace import TracedModule as TracedModule
from torch.jit._trace import TracerWarning as TracerWarning
from torch.jit._trace import TracingCheckError as TracingCheckError
from torch.nn import Module

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., object])
_File: TypeAlias = str | PathLike[str] | IO[bytes]
_Device: TypeAlias = str | _device | None

# No annotation at all: `no-untyped-call`.
@overload
def trace(  # type: ignore[overload-overlap]  # a module is callable, and traced into another class
    func: Module,
    example_inputs: tuple[Any, ...] | Tensor | None = None,
    optimize: bool | None = None,
    check_trace: bool = True,
    check_inputs: Sequence[tuple[Any, ...] | Tensor] | None = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    _force_outplace: bool = False,
    _module_class: Any = None,
    _compilation_unit: CompilationUnit = ...,
    example_kwarg_inputs: dict[str, Any] | None = None,
    _store_inputs: bool = True,
) -> TopLevelTracedModule: ...
@overload
def trace(
    func: Callable[_P, _R],
    example_inputs: tuple[Any, ...] | Tensor | None = None,
    optimize: bool | None = None,
    check_trace: bool = True,
    check_inputs: Sequence[tuple[Any, ...] | Tensor] | None = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    _force_outplace: bool = False,
    _module_class: Any = None,
    _compilation_unit: CompilationUnit = ...,
    example_kwarg_inputs: dict[str, Any] | None = None,
    _store_inputs: bool = True,
) -> ScriptFunction[_P, _R]: ...
def trace_module(
    mod: Module,
    inputs: dict[str, Any],
    optimize: bool | None = None,
    check_trace: bool = True,
    check_inputs: Sequence[dict[str, Any]] | None = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    _force_outplace: bool = False,
    _module_class: Any = None,
    _compilation_unit: CompilationUnit = ...,
    example_inputs_is_kwarg: bool = False,
    _store_inputs: bool = True,
) -> TopLevelTracedModule: ...
def load(
    f: _File,
    map_location: _Device = None,
    _extra_files: dict[str, Any] | None = None,
    _restore_shapes: bool = False,
) -> RecursiveScriptModule: ...
def is_tracing() -> bool: ...
def isinstance(obj: object, target_type: Any) -> bool: ...
def annotate(the_type: type[_T], the_value: _T) -> _T: ...
def fork(func: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> Future[_R]: ...
def wait(future: Future[_R]) -> _R: ...
def onednn_fusion_enabled() -> bool: ...
def jit_module_from_flatbuffer(f: _File) -> RecursiveScriptModule: ...

# Untyped decorators: what they decorate lost its type.
@overload
def ignore(drop: _F, **kwargs: Any) -> _F: ...
@overload
def ignore(drop: bool = False, **kwargs: Any) -> Callable[[_F], _F]: ...
def script_if_tracing(fn: _F) -> _F: ...
def script_method(fn: _F) -> _F: ...

# Parameters or the result without annotation.
def export_opnames(m: ScriptModule) -> list[str]: ...
def set_fusion_strategy(strategy: list[tuple[str, int]]) -> list[tuple[str, int]]: ...
def freeze(
    mod: ScriptModule, preserved_attrs: list[str] | None = None, optimize_numerics: bool = True
) -> RecursiveScriptModule: ...
def save(m: ScriptModule, f: _File, _extra_files: dict[str, Any] | None = None) -> None: ...
def save_jit_module_to_flatbuffer(
    m: ScriptModule, f: str | PathLike[str], _extra_files: dict[str, Any] | None = None
) -> None: ...
def optimized_execution(should_optimize: bool) -> AbstractContextManager[None]: ...
def fuser(name: str) -> AbstractContextManager[None]: ...
def last_executed_optimized_graph() -> torch._C.Graph: ...
def enable_onednn_fusion(enabled: bool) -> None: ...

class Attribute(NamedTuple):
    value: Any
    type: Any

class strict_fusion:
    def __init__(self) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, type: Any, value: Any, tb: Any) -> None: ...

Error = torch._C.JITException
