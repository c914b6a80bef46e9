"""What a compiled form has to show before it counts: equal results, and that a file can hold it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.plan.last_resort import LastResortError
from scriptkit.engines.torchscript.engine import files, state, thread
from scriptkit.errors import CompilationError, TraceHazardError
from scriptkit.live.comparison import compare
from scriptkit.live.copies import detached, random_states_kept
from scriptkit.live.lives import life_of
from scriptkit.live.nested import flatten, restored
from scriptkit.live.variations import Example, reductions, sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from scriptkit.live.recorded_calls import Call

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class OnlyInMemoryError(LastResortError):
    """It calls Python that was marked with `ignore`, which no file can hold."""


def named(path: str, part: nn.Module) -> str:
    """The part in words."""
    return f"{type(part).__name__} at `{path}`" if path else type(part).__name__


def headline(error: BaseException) -> str:
    """The first line of an error; the same in every process, since it goes into files."""
    first = error.first_diagnostic() if isinstance(error, (CompilationError, TraceHazardError)) else None
    if first is not None:
        text = f"{first.path.rpartition('/')[2]}:{first.line}: {first.message}"
    else:
        text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return _ADDRESS.sub("", text)


def of_other_sizes(part: nn.Module, call: Call) -> Iterator[Call]:
    """The same call with other sizes, as far as the part takes them: compiled code must not remember the first."""
    example = Example.of(call.args, call.kwargs)
    changes = reductions(example) if example.is_large else sizes(example, ("grown",), each=False)
    for change in changes:
        changed = replace(call, args=change.args, kwargs=change.kwargs, result=None)
        try:
            _result(part, changed)
        except Exception:  # noqa: BLE001, S112  # what the part itself refuses says nothing of its compiled form
            continue
        yield changed


def require_equal(path: str, part: nn.Module, form: torch.jit.ScriptModule, call: Call) -> None:
    """Raise `CompilationError` where the compiled form does not give what the part gives."""
    results = []
    for module in (part, form):
        try:
            results.append(_result(module, call))
        except Exception as error:
            raise CompilationError(
                f"{named(path, part)} compiles, and raises when called: {headline(error)}"
            ) from error
    structure = flatten(results[0])[1]
    try:
        found = compare(results[0], restored(structure, results[1]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise CompilationError(f"{named(path, part)} compiles, and gives another type of result") from error
    if found:
        raise CompilationError(f"{named(path, part)} compiles, and differs: {found[0].path}: {found[0].what}")


def _result(module: nn.Module, call: Call) -> Any:
    args, kwargs = detached((call.args, call.kwargs))
    grad_mode = torch.set_grad_enabled(call.with_gradients)
    with random_states_kept(seed=1), grad_mode, thread.plain_executor():
        return detached(life_of(module)(*args, **kwargs))


def require_reloadable(path: str, part: nn.Module, form: torch.jit.ScriptModule) -> None:
    """Compiled in memory is not yet a file: raise `CompilationError` where saving or loading fails."""
    try:
        with state.without_weights(form):
            files.load_bytes(files.serialise(form), None)
    except RuntimeError as error:
        if files.kept_in_python(error) is not None:
            raise OnlyInMemoryError(f"no file can hold it: {files.reason_of(error)}") from error
        raise CompilationError(f"{named(path, part)} compiles, but not for a file: {headline(error)}") from error
