"""`save`: any module scriptkit knows, as a file any LibTorch program loads, with a manifest inside."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.artifact.contents import canonical_model
from scriptkit.artifact.description import Description, ExampleCall, SubmoduleChoice
from scriptkit.artifact.measuring import measured
from scriptkit.artifact.writing import write_model
from scriptkit.compiling.plan import trees
from scriptkit.engines.torchscript.engine import files, state
from scriptkit.engines.torchscript.engine.making import exported_methods
from scriptkit.errors import ArtifactError, ScriptkitWarning
from scriptkit.live import hooks, programs
from scriptkit.live.comparison import Tolerance
from scriptkit.runtime import reading
from scriptkit.runtime.compiled import CompiledModule, source_of
from scriptkit.runtime.lost_methods import methods_lost, told_of_lost
from scriptkit.runtime.runtime import KEY, Runtime

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    import torch

    from scriptkit.artifact.contents import CanonicalModel
    from scriptkit.artifact.description import OptimizationRecord
    from scriptkit.artifact.manifest import Manifest
    from scriptkit.compile_report import ReportRow

_ROUNDED = Tolerance(rtol=2e-2, atol=2e-2)
"""What eager code rounds to bfloat16 inside an autocast, a file computes in float32."""


def save(
    m: torch.nn.Module,
    path_or_file: str | os.PathLike[str] | BinaryIO,
    *,
    example_inputs: tuple[Any, ...] | Mapping[str, tuple[Any, ...]] | None = None,
    example_kwargs: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    sign_with: object = None,
) -> None:
    """Write a compiled module to a file that describes itself, and that any LibTorch loads.

    `example_inputs` are positional arguments of `forward`, `example_kwargs` its keyword arguments; to describe exported
    methods too, give a dictionary from method names to tuples. The manifest holds their shapes, types and ranges, not
    the tensors. With them, eager, compiled and reloaded results are compared, and the largest differences recorded.
    `metadata` is anything JSON can say. `sign_with` is an Ed25519 private key of the `cryptography` package, or its
    PEM: `load(..., signed_by=public_key)` then proves who wrote the file.

    The same module gives the same bytes. An old file at the target stays as it was until the new one is complete. A
    model file is code, and everybody who has it can read it.

    Raises:
        CompilationError: the module does not compile as it is now.
        VerificationError: on the example inputs, the file's results are not those of the module. A module that switches
            autocast on may be saved with example inputs of every method, where the dtypes of the results are equal.
        ArtifactError: it cannot be saved, the examples or the metadata do not fit, or the target cannot be written.
    """
    calls = _examples(example_inputs, example_kwargs)
    if "forward" in calls:
        reading.settle(m, calls["forward"].arguments, calls["forward"].keywords)
    compiled, autocast = trees.for_file(m)
    if autocast is not None:
        _refuse_unmeasured_autocast(m, autocast, calls)
    tolerance = _ROUNDED if autocast else None
    model, description = described(m, Form(compiled, tolerance=tolerance), calls, metadata)
    write_model(model, path_or_file, description=description, sign_with=sign_with)


class Form(NamedTuple):
    """A compiled form of a module, as it goes into a file: how near to eager it has to be, and what made it faster."""

    program: torch.jit.ScriptModule
    tolerance: Tolerance | None = None
    optimization: OptimizationRecord | None = None
    made_from: Manifest | None = None
    """What the file said that the module came from: nothing else knows of its classes."""


def described(
    m: torch.nn.Module, form: Form, examples: Mapping[str, ExampleCall], metadata: Mapping[str, Any] | None
) -> tuple[CanonicalModel, Description]:
    """One form of a module as a file will hold it, measured, and described as the module is."""
    compiled = form.program
    rows = [] if programs.is_script_module(m) else reading.report(m).rows
    source = source_of(m)
    model = canonical_model(compiled, _class_name(source) if form.made_from is None else form.made_from.class_name)
    if not examples and form.optimization is None:
        scripted = {row.path for row in rows if row.mode == "script"}
        lost = state.hooks_lost(compiled, source, hooks.FORWARD_HOOKS)
        _warn_of_hooks(source, [path for path in lost if path in scripted])
    if source is not m:  # what `compile` made has hooks of its own, round everything
        _warn_of_hooks(m, [""] if any(vars(m)[kind] for kind in hooks.FORWARD_HOOKS) else [])
    _warn_of_lost_methods(source, compiled)
    _warn_of_classes(source, compiled)
    is_scripted = bool(rows) and all(row.mode == "script" for row in rows) and form.optimization is None
    measurement = measured(source, compiled, model, examples, form.tolerance, is_scripted=is_scripted)
    description = Description(
        class_name=_class_name(source),
        constructor_arguments=_constructor_arguments(source),
        methods=["forward", *exported_methods(type(source))] if rows else None,
        submodules=[SubmoduleChoice(row.path, row.class_name, row.mode, row.reason) for row in rows],
        trace_assumptions=_assumptions(rows),
        verification=measurement.record,
        results=measurement.results,
        result_fields={"forward": m.__scriptkit_result_fields__()} if isinstance(m, CompiledModule) else {},
        optimization=form.optimization,
        metadata=metadata or {},
        examples=examples,
        fixed_dimensions={"forward": m.fixed_dimensions if isinstance(m, CompiledModule) else {}} if rows else {},
    )
    if form.made_from is not None:
        description = _like(description, form.made_from)
    return model, description


def _like(description: Description, manifest: Manifest) -> Description:
    """The same with what a manifest tells of the Python behind it."""
    return replace(
        description,
        class_name=manifest.class_name,
        constructor_arguments=manifest.constructor_arguments,
        methods=[method.name for method in manifest.methods],
        submodules=[SubmoduleChoice(**dict(one)) for one in manifest.submodules],
        trace_assumptions=manifest.trace_assumptions,
        metadata=description.metadata or manifest.metadata,
    )


def _warn_of_hooks(module: torch.nn.Module, paths: Sequence[str]) -> None:
    if paths:
        spoken = ", ".join(f"`{path}`" if path else "the whole" for path in paths)
        message = f"{type(module).__name__} has hooks that are in no file ({spoken}): they are Python"
        way_out = "write what they do into `forward`, or save with `example_inputs`, which shows whether they matter"
        warnings.warn(f"{message}; {way_out}", ScriptkitWarning, stacklevel=4)


def _warn_of_lost_methods(source: torch.nn.Module, compiled: torch.jit.ScriptModule) -> None:
    lost = methods_lost(source, compiled)
    if lost:
        warnings.warn(told_of_lost(source, lost), ScriptkitWarning, stacklevel=4)


def _warn_of_classes(source: torch.nn.Module, compiled: torch.jit.ScriptModule) -> None:
    """Torch gives objects of a class to Python only where that class was compiled."""
    for name in ("forward", *exported_methods(type(source))):
        found = files.classes_in_results(compiled, name)
        if found:
            message = (
                f"{type(source).__name__} is saved, but Python reads what `{name}` gives only in this process: "
                f"{', '.join(f'`{one}`' for one in found)} is a class of yours; C++ reads it as an object. "
                "Return a `NamedTuple`, a tuple or a dictionary to have it read everywhere"
            )
            warnings.warn(message, ScriptkitWarning, stacklevel=4)


def _refuse_unmeasured_autocast(m: torch.nn.Module, autocast: str, examples: Mapping[str, ExampleCall]) -> None:
    """A file computes without autocast: it may stand for the module only where the results have the same dtypes."""
    missing = [name for name in ("forward", *exported_methods(type(m))) if name not in examples]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        raise ArtifactError(
            f"{type(m).__name__} cannot be saved: {autocast}, which a file cannot honour; "
            f"give example inputs of {listed}, so that its dtypes can be compared with those of eager code"
        )


def _class_name(module: torch.nn.Module) -> str:
    if programs.is_script_module(module):
        return str(getattr(module, "original_name", type(module).__name__))
    return f"{type(module).__module__}.{type(module).__qualname__}"


def _constructor_arguments(module: torch.nn.Module) -> dict[str, Any] | None:
    """The arguments by the names the constructor gives them; None where they are not known or no plain values."""
    runtime = module.__dict__.get(KEY)
    noted = runtime.constructor_arguments if isinstance(runtime, Runtime) else None
    if noted is None:
        return None
    arguments, keywords = noted
    bound = inspect.signature(type(module)).bind(*arguments, **keywords)
    return dict(bound.arguments)


def _assumptions(rows: Sequence[ReportRow]) -> list[str]:
    """What traces and lowered programs take for granted."""
    return [f"{row.path or '(root)'}: {assumption}" for row in rows for assumption in row.assumptions]


def _examples(
    inputs: tuple[Any, ...] | Mapping[str, tuple[Any, ...]] | None, keywords: Mapping[str, Any] | None
) -> dict[str, ExampleCall]:
    if inputs is None and not keywords:
        return {}
    if isinstance(inputs, dict):
        calls = {name: ExampleCall(tuple(arguments)) for name, arguments in inputs.items()}
        return calls | {"forward": ExampleCall(inputs.get("forward", ()), keywords)} if keywords else calls
    if inputs is not None and not isinstance(inputs, (tuple, list)):
        raise ArtifactError(f"`example_inputs` is a tuple of arguments, not a {type(inputs).__name__}")
    return {"forward": ExampleCall(tuple(inputs or ()), keywords or {})}
