"""`scriptkit.export_program`: any module, method by method, as verified programs of `torch.export`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit import log
from scriptkit.arguments import required_module
from scriptkit.compiling.exporting.exporter import Example, export_method
from scriptkit.compiling.exporting.modes import is_the_same_in_both_modes
from scriptkit.compiling.exporting.refusals import traced
from scriptkit.engines.export.raw_errors import quoted
from scriptkit.errors import ExportError, ScriptkitError
from scriptkit.exporting.calls import Calls
from scriptkit.exporting.exported_module import ExportedModule
from scriptkit.exporting.plain import plain_copy
from scriptkit.live.undoing import nothing_left
from scriptkit.runtime.compiled import CompiledModule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from scriptkit.engines.export.programs import MethodProgram

TIME_LIMIT = 600.0


def export_program(
    m: nn.Module,
    example_inputs: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    example_kwargs: dict[str, Any] | None = None,
    methods: Sequence[str] | Mapping[str, Any] | None = None,
    dynamic: Mapping[str, Any] | bool | None = None,
    time_limit: float | None = TIME_LIMIT,
) -> ExportedModule:
    """Export a module with `torch.export`, verified against the module itself.

    `example_inputs` are positional arguments of `forward`, `example_kwargs` its keyword arguments; a list of tuples
    gives several forms of call (with and without an optional tensor, a flag both ways), each becomes a program.
    `methods` names what is exported (otherwise `forward` and the methods marked with `scriptkit.export`), as a list, or
    as a dictionary from names to example inputs; a method without any is tried with what `forward` calls it with.

    Every size is free where it can be; `exported.dimensions` says which are, and why others are not. `dynamic` says it
    instead: False for none, or `{"x": [0, 1]}` for those dimensions alone. `time_limit` is in seconds, per method and
    way of exporting it.

    The module is exported in the mode it is in; a call after `train()` or `eval()` exports the other mode, too. The
    module itself is left alone: the result has copies of its tensors.

    Raises:
        ExportError: it cannot become a program that gives the same, with the line and the reason.
    """
    module = _written(required_module(m))
    with nothing_left(module, given=(example_inputs, example_kwargs, methods)):
        try:
            return _exported(module, example_inputs, example_kwargs, methods, dynamic, time_limit)
        except ScriptkitError:
            raise
        except Exception as error:  # noqa: BLE001 - what was not foreseen is told in a line, not by what led to it
            name = type(module).__name__
            log.export.debug("`%s`: %s", name, traced(error))
            told = f"internal error while exporting {name}: {quoted(error)}; report it, with the class"
            raise ExportError(told) from None


def _exported(  # what the user asked for
    module: nn.Module,
    example_inputs: Sequence[Any] | Mapping[str, Any] | None,
    example_kwargs: dict[str, Any] | None,
    methods: Sequence[str] | Mapping[str, Any] | None,
    dynamic: Mapping[str, Any] | bool | None,  # noqa: FBT001  # as in `export_program`
    time_limit: float | None,
) -> ExportedModule:
    twin = plain_copy(module)
    calls = Calls(twin, example_inputs, example_kwargs, methods)
    exporter = _Exporter(twin, dynamic, time_limit)
    programs: dict[str, list[MethodProgram]] = {}
    for example in calls.examples():
        exporter.examples.setdefault(example.method, []).append(example)
    for name in exporter.examples:
        programs[name] = exporter(name, twin.training)
    if not programs:
        raise ExportError(f"{type(twin).__name__} has nothing to export: no `forward` and no exported methods")
    class_name = f"{type(twin).__module__}.{type(twin).__qualname__}"
    return ExportedModule(
        programs, class_name=class_name, training=twin.training, left_out=calls.left_out, more=exporter
    )


def _written(module: nn.Module) -> nn.Module:
    """The module somebody wrote, beneath what `compile` made of it."""
    return module.inner if isinstance(module, CompiledModule) else module


class _Exporter:
    """Exports the methods of one copy of a module, in either mode."""

    def __init__(self, twin: nn.Module, dynamic: Any, time_limit: float | None) -> None:
        self.twin = twin
        self.dynamic = dynamic
        self.time_limit = time_limit
        self.examples: dict[str, list[Example]] = {}

    def __call__(self, method: str, training: bool) -> list[MethodProgram]:  # noqa: FBT001 - a mode, as in `train(mode)`
        """One program for each form of call."""
        with nothing_left(self.twin):
            return self._programs(method, training)

    def _programs(self, method: str, training: bool) -> list[MethodProgram]:  # noqa: FBT001 - as above
        if self.twin.training != training:
            self.twin.train(training)
        made = [program for example in self.examples[method] for program in self._exported(example)]
        if all(is_the_same_in_both_modes(self.twin, one.method, one.args, one.kwargs) for one in self.examples[method]):
            for program in made:
                program.training = None
        return made

    def _exported(self, example: Example) -> list[MethodProgram]:
        return export_method(self.twin, example, dynamic=self.dynamic, seconds=self.time_limit)
