"""What can be read off a module: its compiled code and graph, whether it is compiled, its report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from scriptkit import switches
from scriptkit.arguments import required_module
from scriptkit.compile_report import CompileReport, ReportRow
from scriptkit.compiling.chosen.choice import with_what_stays_python
from scriptkit.compiling.plan import trees
from scriptkit.engines.torchscript.engine import making
from scriptkit.engines.torchscript.engine.making import class_of, parts_in, user_classes
from scriptkit.live.undoing import nothing_left
from scriptkit.runtime.compiled import CompiledModule
from scriptkit.runtime.runtime import runtime_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import torch

    from scriptkit.engines.torchscript.engine.making import Twin
    from scriptkit.runtime.runtime import Runtime


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
    return CompileReport(rows, dict(runtime.eager_calls.counts) if runtime is not None else {})


def settle(module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Compile a module that waits for its first call as for this one, without running it.

    Also one whose parts have parametrizations that write, which only a part made for a call has in it.
    """
    if isinstance(module, CompiledModule):
        module.__scriptkit_settle__(args, dict(kwargs))
    elif _has_runtime(module) and not switches.is_eager():
        runtime = runtime_of(module)
        if runtime.is_pending or trees.computes_within(module, parametrizations=True):
            with nothing_left(module, given=(args, kwargs)):
                runtime.drop_twin()
                runtime.compile_types(module, (args, dict(kwargs)))


def _rows(module: torch.nn.Module, runtime: Runtime | None) -> Iterator[ReportRow]:
    parts = {path: part for path, _, part in parts_in(module)}
    for path, child in module.named_modules():
        name = class_of(child).__name__
        top = next((p for p in parts if path == p or path.startswith(f"{p}.")), None)
        if runtime is None or not runtime.is_enabled:
            yield ReportRow(path, name, "eager", "scriptkit is switched off" if runtime else "not a scriptable module")
        elif runtime.is_pending:
            yield ReportRow(path, name, "pending", runtime.deferred or _why_pending(path, runtime.missing))
        elif isinstance(child, making.ScriptModule):
            yield ReportRow(path, name, "script", "already a torch.jit.ScriptModule")
        elif top is None:
            is_users = bool(user_classes(class_of(child)))
            reason = "its source scripts" if is_users else "scripts as torch wrote it"
            yield ReportRow(path, name, "script", with_what_stays_python(reason, child))
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
