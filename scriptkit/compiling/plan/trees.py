"""What a module's tree compiled to: its types with the forms of its foreign parts, and one complete TorchScript module.

The plan needs complete modules of parts while it chooses, and this file needs the plan for parts that do not script:
the way back is handed down as a callable.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from scriptkit import log
from scriptkit.engines.interface import BringsTorchScript, brings_form
from scriptkit.engines.torchscript.engine import making
from scriptkit.engines.torchscript.engine.errors import UninitializedParametersError
from scriptkit.engines.torchscript.engine.files import none_default_in, why_unsaveable
from scriptkit.engines.torchscript.engine.making import (
    ForFile,
    compile_or_explain,
    form_of,
    hand_down_tracer,
    has_lazy_tensors,
    parts_in,
    set_form,
)
from scriptkit.errors import ArtifactError, CompilationError, ScriptkitError
from scriptkit.language.parsing import PARSING
from scriptkit.live import programs
from scriptkit.live.computed_tensors import computing
from scriptkit.live.marks import is_scriptable, is_traced

if TYPE_CHECKING:
    import types

    import torch
    from torch import nn

    from scriptkit.compiling.plan.waiting import Call
    from scriptkit.engines.torchscript.engine.making import CompiledTree


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


def to_torchscript(module: torch.nn.Module) -> torch.jit.ScriptModule:
    """A complete `torch.jit.ScriptModule` that shares the module's weights; every other tool takes it.

    Raises:
        CompilationError: the module does not compile as it is now.
    """
    if isinstance(module, making.ScriptModule):
        return module
    if isinstance(module, BringsTorchScript):
        return module.__scriptkit_torchscript__()
    return making.complete(module, compiled_now(module))


def for_file(module: torch.nn.Module) -> ForFile:
    """The module as a file holds it, compiled once.

    Raises:
        CompilationError: the module does not compile as it is now.
        ArtifactError: it compiles, and no file can hold its code.
    """
    if isinstance(module, (making.ScriptModule, BringsTorchScript)):
        return ForFile(to_torchscript(module))
    tree = compiled_now(module)
    problem = why_unsaveable(tree)
    if problem is not None:
        raise ArtifactError(f"{type(module).__name__} cannot be saved: {problem.message}")
    return making.for_file(module, tree)


def _trace(function: types.FunctionType) -> Any:
    from scriptkit.compiling.tracing.functions import trace_function  # loads when a function is marked as traced

    return trace_function(function)


hand_down_tracer(_trace)

MOST_RENEWALS = 3


_renewals: weakref.WeakKeyDictionary[torch.nn.Module, int] = weakref.WeakKeyDictionary()


def forget_outdated(module: torch.nn.Module) -> bool:
    """Drop the forms that changed submodules need no more; one that changes all the time keeps its last form."""
    outdated = [child for _, child, part in parts_in(module) if part.is_outdated()]
    renewed = [child for child in outdated if _renewals.get(child, 0) < MOST_RENEWALS]
    for child in renewed:
        _renewals[child] = _renewals.get(child, 0) + 1
        set_form(child, None)
    return bool(renewed)


def compile_with_parts(module: torch.nn.Module, call: Call | None = None) -> CompiledTree:
    """Compile a tree; in a scriptable module, foreign submodules that do not script get a form of their own.

    `call` is how the module was called: what foreign submodules get in it serves as their example inputs.

    Raises:
        MissingInputsError: there are such submodules, and neither declared inputs nor a call.
        CompilationError: the module does not compile.
    """
    if not is_scriptable(module):
        return compile_or_explain(module)
    refusal: CompilationError | None = None
    if not _is_marked_within(module) and not computes_within(module, parametrizations=call is not None):
        try:
            tree = compile_or_explain(module)
        except CompilationError as error:
            first = error.first_diagnostic()  # to read all of it would compile again
            log.plan.debug("%s: not scripted as a whole: %s", type(module).__name__, first and first.message)
            refusal = error
        else:
            log.plan.debug("%s: scripted: its source scripts", type(module).__name__)
            return tree
    with PARSING:
        from scriptkit.compiling.plan import adapting, foreign  # most modules need no plan: it loads when one does

    if not foreign.choose_parts(module, call, refusal, complete) and refusal is not None:
        raise refusal
    return adapting.compile_round_parts(module)


def compile_for_files(module: torch.nn.Module, call: Call | None = None) -> CompiledTree:
    """`compile_with_parts`; foreign submodules that script, and that no file can hold, get a form as well.

    Code of other people often has `mask=None` without an annotation: it scripts, and cannot be written.
    """
    tree = compile_with_parts(module, call)
    if not is_scriptable(module) or none_default_in(tree) is None:
        return tree
    with PARSING:
        from scriptkit.compiling.plan import adapting, foreign

    has_forms = foreign.choose_parts(module, call, None, complete)
    return adapting.compile_round_parts(module) if has_forms else tree


def learn_call(module: torch.nn.Module, call: Call) -> None:
    """Give the lowered parts of a tree forms for what they get in a call.

    Raises CompilationError, and leaves the forms as they were, where a part has no form for it.
    """
    with PARSING:
        from scriptkit.compiling.plan import learning

    learning.learn(module, call, complete)


def _is_marked_within(module: torch.nn.Module) -> bool:
    """Whether a part without a form yet is marked as traced, or brings one."""
    parts = (child for child in module.modules() if child is not module and form_of(child) is None)
    return any(is_traced(child) or brings_form(child) for child in parts)


def computes_within(module: torch.nn.Module, *, parametrizations: bool) -> bool:
    """Whether a foreign part without a form yet computes tensors in its call.

    Parametrizations that write when they are read are among them only where it is known how the module is called:
    script stands for them in a call, and only a file needs more.
    """
    own = {id(part) for part in module.modules() if is_scriptable(part)}
    has_form = (part for part in module.modules() if form_of(part) is not None)
    known = own | {id(inner) for part in has_form for inner in part.modules()}
    return any(
        id(module.get_submodule(path)) not in known for path in computing(module, parametrizations=parametrizations)
    )


def complete(module: nn.Module) -> torch.jit.ScriptModule:
    """The module as one TorchScript module that a file can hold; raises `CompilationError`."""
    try:
        return to_torchscript(module)
    except ScriptkitError:
        raise
    except Exception as error:  # torch.jit raises errors of many types for code it does not take
        raise CompilationError(f"{type(module).__name__} does not compile: {error}") from error


def callable_form(module: nn.Module) -> nn.Module:
    """The module as its user calls it compiled: itself where a call runs compiled code, else its TorchScript form."""
    if programs.is_script_module(module) or is_scriptable(module):
        return module
    return complete(module)
