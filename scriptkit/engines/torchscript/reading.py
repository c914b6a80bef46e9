"""What can be read off a module: its compiled code and graph, its report, a complete TorchScript module."""

from __future__ import annotations

import functools
import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from scriptkit import switches
from scriptkit.arguments import required_module
from scriptkit.compiling.report import CompileReport, ReportRow
from scriptkit.engines.torchscript import adapter
from scriptkit.engines.torchscript.annotations import attribute_annotations, is_final
from scriptkit.engines.torchscript.lifted_class import user_classes
from scriptkit.engines.torchscript.parts import compile_with_parts, parts_in
from scriptkit.engines.torchscript.runtime import runtime_of
from scriptkit.engines.torchscript.saveability import why_unsaveable
from scriptkit.engines.torchscript.shadow import UninitializedParametersError, class_of, has_lazy_tensors
from scriptkit.engines.torchscript.twin import Twin
from scriptkit.errors import ArtifactError, CompilationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from scriptkit.engines.torchscript.compiler import CompiledTree
    from scriptkit.engines.torchscript.runtime import Runtime


def compiled_now(module: torch.nn.Module) -> CompiledTree:
    """Compile a tree as it is; raises `CompilationError` also where lazy parameters have no shape yet."""
    try:
        return compile_with_parts(module)
    except UninitializedParametersError:
        lazy = ", ".join(f"`{path}`" for path, m in module.named_modules() if has_lazy_tensors(m))
        message = (
            f"{type(module).__name__} is not compiled yet: {lazy} has no shapes before its first call; call it once"
        )
        raise CompilationError(message) from None


def code(module: torch.nn.Module) -> str:
    """The compiled `forward` as TorchScript source."""
    return str(_current_twin(module).root._get_method("forward").code)


def graph(module: torch.nn.Module) -> Any:
    """The compiled graph of `forward`."""
    return _current_twin(module).root._get_method("forward").graph


def eager_call(module: torch.nn.Module) -> Any:
    """`m.eager(...)`: call the module as the Python it was written in."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with switches.eager():
            return module(*args, **kwargs)

    return call


def save(module: torch.nn.Module) -> Any:
    """`m.save(path)`: write a file that any TorchScript runtime loads."""
    from scriptkit import save as save_module

    return functools.partial(save_module, module)


def to_torchscript(module: torch.nn.Module) -> torch.jit.ScriptModule:
    """A complete `torch.jit.ScriptModule` that shares the module's weights; every other tool takes it.

    Raises:
        CompilationError: the module does not compile as it is now.
    """
    if isinstance(module, adapter.ScriptModule):
        return module
    if hasattr(module, "__scriptkit_torchscript__"):  # what `scriptkit.compile` made
        complete: torch.jit.ScriptModule = cast("Any", module).__scriptkit_torchscript__()
        return complete
    twin = Twin(module, compiled_now(module), is_complete=True)
    _refuse_overrides(module, twin)
    twin.bind()
    for part in twin.parts:
        part.bind()
    twin.fix_parametrized()
    return adapter.wrap(twin.root) if twin.tree.scripted is None else twin.tree.scripted


def _refuse_overrides(module: torch.nn.Module, twin: Twin) -> None:
    """A file would hold the method of the class, and compute something else than the module does."""
    hidden = "its `forward` was replaced" if "forward" in module.__dict__ else twin.overrides.first()
    if hidden is not None:
        message = f"{type(module).__name__} cannot become TorchScript as it is: {hidden}; write a subclass instead"
        raise CompilationError(message)
    changed = next(filter(None, (part.why_in_no_file() for part in twin.parts)), None)
    if changed is not None:
        message = f"{type(module).__name__} cannot become TorchScript as it is: {changed}"
        raise CompilationError(f"{message}; undo that, or call the module once: where it can, it is compiled again")


def refuse_unsaveable(module: torch.nn.Module) -> None:
    """Raise `ArtifactError` for compiled code that no file can hold."""
    if isinstance(module, adapter.ScriptModule) or hasattr(module, "__scriptkit_torchscript__"):
        return
    tree = compiled_now(module)
    problem = why_unsaveable(tree)
    if problem is not None:
        message = f"{type(module).__name__} cannot be saved: {problem.message}"
        raise ArtifactError(message)


def autocast_within(module: torch.nn.Module) -> str | None:
    """Which method of a scriptable module switches autocast on, which no file does; None where none does."""
    if isinstance(module, adapter.ScriptModule) or hasattr(module, "__scriptkit_torchscript__"):
        return None
    return Twin(module, compiled_now(module)).decorated_with_autocast()


def is_compiled(module: torch.nn.Module) -> bool:
    """Whether a call runs the engine's code: True as soon as the constructor has compiled the module."""
    if hasattr(module, "__scriptkit_report__"):
        return bool(module.is_compiled)
    return _has_runtime(module) and runtime_of(module).is_compiled


def report(module: torch.nn.Module) -> CompileReport:
    """What was chosen for each submodule, and why."""
    module = required_module(module)
    if hasattr(module, "__scriptkit_report__"):
        made: CompileReport = cast("Any", module).__scriptkit_report__()
        return made
    runtime = runtime_of(module) if _has_runtime(module) else None
    rows = tuple(_rows(module, runtime))
    return CompileReport(rows, dict(runtime.eager_calls) if runtime is not None else {})


def _rows(module: torch.nn.Module, runtime: Runtime | None) -> Iterator[ReportRow]:
    parts = {path: part for path, _, part in parts_in(module)}
    for path, child in module.named_modules():
        name = class_of(child).__name__
        top = next((p for p in parts if path == p or path.startswith(f"{p}.")), None)
        if runtime is None or not runtime.is_enabled:
            yield ReportRow(path, name, "eager", "scriptkit is switched off" if runtime else "not a scriptable module")
        elif runtime.is_pending:
            yield ReportRow(path, name, "pending", _why_pending(path, runtime.missing))
        elif isinstance(child, adapter.ScriptModule):
            yield ReportRow(path, name, "script", "already a torch.jit.ScriptModule")
        elif top is None:
            is_users = bool(user_classes(class_of(child)))
            yield ReportRow(path, name, "script", "its source scripts" if is_users else "scripts as torch wrote it")
        elif path == top:
            yield from (replace(row, path=f"{top}.{row.path}".rstrip(".")) for row in parts[top].rows)


def _why_pending(path: str, missing: dict[str, str]) -> str:
    if not missing:
        return "lazy parameters have no shape before the first call"
    if path in missing:
        return f"needs example inputs, because it does not script: {missing[path]}"
    return f"waits for the first call, which shows what {', '.join(f'`{path}`' for path in missing)} gets"


def _has_runtime(module: torch.nn.Module) -> bool:
    return bool(getattr(type(module), "__scriptkit_check_save__", None)) or hasattr(
        type(module), "_scriptkit_drop_twin"
    )


def _current_twin(module: torch.nn.Module) -> Twin:
    runtime = runtime_of(module)
    if runtime.twin is None or not runtime.twin.bind():
        return runtime.make_twin(module)
    return runtime.twin


@functools.cache
def final_names(cls: type) -> frozenset[str]:
    """Attributes a class declares `Final`."""
    return frozenset(n for n, a in attribute_annotations(user_classes(cls)).items() if is_final(a))


def has_exports(cls: type) -> bool:
    """Whether a class exports methods."""
    functions = (inspect.getattr_static(cls, name, None) for name in dir(cls))
    return any(adapter.modifier(f) == adapter.FunctionModifiers.EXPORT for f in functions)
