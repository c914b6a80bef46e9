"""The first way: TorchScript made from the source, as scriptkit compiles it or as torch alone does."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scriptkit.compiling.chosen.choice import ScriptChoice, rows_of
from scriptkit.compiling.plan.acceptance import (
    OnlyInMemoryError,
    headline,
    of_other_sizes,
    require_equal,
    require_reloadable,
)
from scriptkit.compiling.plan.last_resort import LastResortError, require_hooks, require_parametrizations
from scriptkit.engines.torchscript.engine import making
from scriptkit.engines.torchscript.engine.errors import UnfaithfulError
from scriptkit.errors import CompilationError
from scriptkit.live.copies import copy_tree
from scriptkit.live.lives import life_of

if TYPE_CHECKING:
    import torch
    from torch import nn

    from scriptkit.compiling.plan.attempt import Attempt
    from scriptkit.compiling.plan.subject import Complete, Subject

MOST_CHANGES = 3


@dataclass(frozen=True)
class _Compiler:
    """One who makes TorchScript of source."""

    compile: Complete
    is_scriptkit: bool


def scripted(subject: Subject, attempt: Attempt) -> ScriptChoice:
    """What the source scripts to: as scriptkit compiles it, else without anything lifted; raises the first refusal."""
    reason = "marked as scripted" if attempt.wanted else "its source scripts"
    refusal: CompilationError | None = None
    for compiler in (_Compiler(subject.complete, is_scriptkit=True), _Compiler(plain_script, is_scriptkit=False)):
        try:
            _try(subject, attempt, compiler.compile)
            form = compiler.compile(attempt.part)
            rows = rows_of(attempt.path, attempt.part, "script", reason)
            return ScriptChoice(form, rows, is_whole=compiler.is_scriptkit)
        except UnfaithfulError:
            raise  # torch alone would say nothing of it
        except CompilationError as error:
            refusal = refusal or error
    assert refusal is not None  # noqa: S101 - both were refused
    raise refusal


def _try(subject: Subject, attempt: Attempt, compile_: Complete) -> None:
    """Compile a copy, compare it with the part on the arguments that gets, and write and read it."""
    path, part = attempt.path, attempt.part
    calls = subject.calls(path, attempt.wanted) if subject.examples is not None else []
    if any(call.with_gradients for call in calls):  # what differentiates needs tensors of its own
        part = life_of(part)
    made = compile_(copy_tree(part))
    for call in calls:
        require_equal(path, part, made, call)
        for changed in itertools.islice(of_other_sizes(part, call), MOST_CHANGES):
            require_equal(path, part, made, changed)
    require_reloadable(path, part, made)
    require_hooks(path, attempt.part, made)
    require_parametrizations(path, attempt.part)


def in_memory_only(subject: Subject, attempt: Attempt, refusal: CompilationError) -> ScriptChoice:
    """A script that no file can hold, or that waits for hooks to go; raises any other refusal."""
    is_in_no_file = isinstance(refusal, OnlyInMemoryError)
    if not isinstance(refusal, LastResortError) or (attempt.path and is_in_no_file):
        raise refusal
    rows = rows_of(attempt.path, attempt.part, "script", f"its source scripts; {headline(refusal)}")
    return ScriptChoice(subject.complete(attempt.part), rows, in_no_file=headline(refusal) if is_in_no_file else "")


def plain_script(module: nn.Module) -> torch.jit.ScriptModule:
    """The module as torch.jit.script compiles it, without anything lifted; raises `CompilationError`.

    Code written round the habits of torch.jit (overloads, `torch.jit.unused`) may compile only so.
    """
    shared = {id(buffer): buffer for buffer in module.buffers()}
    try:
        return making.script_as_torch_does(copy_tree(module, shared))
    except Exception as error:
        raise CompilationError(f"{type(module).__name__} does not compile: {error}") from error
