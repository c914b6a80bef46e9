"""What a compiled form has to show before it counts: equal results, and that a file can hold it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from scriptkit.compiling.comparison import compare
from scriptkit.compiling.examples import Call
from scriptkit.compiling.isolation import buffers_restored, copy_tree, random_states_kept, with_fresh_tensors
from scriptkit.compiling.perturb import Example, reductions, sizes
from scriptkit.compiling.structure import flatten
from scriptkit.compiling.wrapper import restored
from scriptkit.engines.torchscript import files, tracing
from scriptkit.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def named(path: str, part: nn.Module) -> str:
    """The part in words."""
    return f"{type(part).__name__} at `{path}`" if path else type(part).__name__


def headline(error: BaseException) -> str:
    """The first line of an error; the same in every process, since it goes into files."""
    diagnostics = getattr(error, "diagnostics", None)
    if diagnostics:
        text = f"{diagnostics[0].path.rpartition('/')[2]}:{diagnostics[0].line}: {diagnostics[0].message}"
    else:
        text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return _ADDRESS.sub("", text)


def of_other_sizes(part: nn.Module, call: Call) -> Iterator[Call]:
    """The same call with other sizes, as far as the part takes them: compiled code must not remember the first."""
    example = Example.of(call.args, call.kwargs)
    changes = reductions(example) if example.is_large else sizes(example, ("grown",), each=False)
    for change in changes:
        args, kwargs = with_fresh_tensors((change.args, change.kwargs))
        try:
            with random_states_kept(seed=1), torch.no_grad():
                copy_tree(part)(*args, **kwargs)
        except Exception:  # noqa: BLE001, S112  # what the part itself refuses says nothing of its compiled form
            continue
        yield Call(change.args, change.kwargs, None)


def require_equal(path: str, part: nn.Module, form: torch.jit.ScriptModule, call: Call) -> None:
    """Raise `CompilationError` where the compiled form does not give what the part gives."""
    results = []
    for run in (copy_tree(part), form):
        args, kwargs = with_fresh_tensors((call.args, call.kwargs))
        try:
            with random_states_kept(seed=1), torch.no_grad(), tracing.plain_executor(), _state_kept(form):
                results.append(with_fresh_tensors(run(*args, **kwargs)))
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


@contextmanager
def _state_kept(form: torch.jit.ScriptModule) -> Iterator[None]:
    """The form may share its buffers with the user's module."""
    with buffers_restored(form.buffers()), tracing.assignments_undone(form):
        yield


def require_reloadable(path: str, part: nn.Module, form: torch.jit.ScriptModule) -> None:
    """Compiled in memory is not yet a file: raise `CompilationError` where saving or loading fails."""
    try:
        with tracing.without_weights(form):
            files.load_bytes(files.serialise(form), None)
    except RuntimeError as error:
        raise CompilationError(f"{named(path, part)} compiles, but not for a file: {headline(error)}") from error
