"""What a compiled form has to show before it counts: equal results, and that a file can hold it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from scriptkit.compiling.plan.last_resort import LastResortError
from scriptkit.engines.torchscript.engine import files, state, thread
from scriptkit.errors import CompilationError, TraceHazardError
from scriptkit.live.comparison import compare
from scriptkit.live.copies import detached
from scriptkit.live.held_state import Places
from scriptkit.live.hooks import has_hooks_of_users
from scriptkit.live.lives import life_of
from scriptkit.live.side_by_side import PARTS, run
from scriptkit.live.variations import Example, reductions, sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from torch import nn

    from scriptkit.live.comparison import Difference
    from scriptkit.live.recorded_calls import Call
    from scriptkit.live.side_by_side import Run

_COMPARED = ("result", "state", "generator")
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
        if _run(part, changed).error is not None:
            continue  # what the part itself refuses says nothing of its compiled form
        yield changed


def require_equal(path: str, part: nn.Module, form: torch.jit.ScriptModule, call: Call) -> None:
    """Raise `CompilationError` where the compiled form does not give, or does not leave, what the part does."""
    places = Places(form, part, attributes=not has_hooks_of_users(part), buffers=True)
    runs = []
    for module in (part, form):
        runs.append(_run(module, call, places))
        error = runs[-1].error
        if error is not None:
            raise CompilationError(
                f"{named(path, part)} compiles, and raises when called: {headline(error)}"
            ) from error
    expected, found = runs[0], runs[1].in_types_of(runs[0])
    wrong = next(chain(expected.differences(found, None, _COMPARED), _arguments(expected, found)), None)
    if wrong is not None:
        raise CompilationError(f"{named(path, part)} compiles, and differs: {wrong.path}: {wrong.what}")


def _arguments(expected: Run, found: Run) -> Iterator[Difference]:
    """What became of tensors that were given; lists and dictionaries are copies where torch calls a program."""
    yield from compare(expected.arguments[0], found.arguments[0], None, PARTS["arguments"])


def _run(module: nn.Module, call: Call, places: Places | None = None) -> Run:
    life = life_of(module)
    given = detached((call.args, call.kwargs))
    with thread.plain_executor():
        held = dict if places is None else partial(places.held_by, life)
        return run(life, given, state=held, grad=call.with_gradients, seed=1)


def require_reloadable(path: str, part: nn.Module, form: torch.jit.ScriptModule) -> None:
    """Compiled in memory is not yet a file: raise `CompilationError` where saving or loading fails."""
    try:
        with state.without_weights(form):
            files.load_bytes(files.serialise(form), None)
    except RuntimeError as error:
        if files.kept_in_python(error) is not None:
            raise OnlyInMemoryError(f"no file can hold it: {files.reason_of(error)}") from error
        raise CompilationError(f"{named(path, part)} compiles, but not for a file: {headline(error)}") from error
