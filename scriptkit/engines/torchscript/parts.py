"""The compiled forms of foreign submodules in a tree: find them, forget them, compile the code round them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from scriptkit.authoring.marks import mark_of
from scriptkit.engines.torchscript.construction import compile_or_explain
from scriptkit.engines.torchscript.shadow import form_of, set_form
from scriptkit.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from scriptkit.engines.torchscript.compiler import CompiledTree
    from scriptkit.engines.torchscript.shadow import Part

Call = tuple[tuple[Any, ...], dict[str, Any]]
MOST_RENEWALS = 3
_renewals: weakref.WeakKeyDictionary[torch.nn.Module, int] = weakref.WeakKeyDictionary()


class MissingInputsError(CompilationError):
    """Foreign submodules that do not script wait for inputs: `waiting` says by path which, and why."""

    waiting: dict[str, str]


class RefusedInputsError(MissingInputsError):
    """The declared inputs are none that the module takes as it is now."""


def parts_in(module: torch.nn.Module, path: str = "") -> Iterator[tuple[str, torch.nn.Module, Part]]:
    """The outermost submodules of a tree that have a form of their own, with their paths."""
    for name, child in module._modules.items():
        if child is None:
            continue
        inner = f"{path}.{name}" if path else name
        part = form_of(child)
        if part is not None:
            yield inner, child, part
        else:
            yield from parts_in(child, inner)


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
    if not _is_marked_within(module):
        try:
            return compile_or_explain(module)
        except CompilationError as error:
            refusal = error
    from scriptkit.compiling import foreign  # the plan is imported by those who need it

    if not foreign.choose_parts(module, call, refusal) and refusal is not None:
        raise refusal
    return foreign.compile_round_parts(module)


def is_scriptable(module: torch.nn.Module) -> bool:
    """Whether a module is one of scriptkit's."""
    return is_scriptable_class(type(module))


def is_scriptable_class(cls: type) -> bool:
    """Whether the modules of a class are scriptkit's."""
    return hasattr(cls, "_scriptkit_drop_twin")


def _is_marked_within(module: torch.nn.Module) -> bool:
    """Whether a part without a form yet is marked as traced."""
    return any(is_traced(child) and form_of(child) is None for child in module.modules() if child is not module)


def is_traced(module: torch.nn.Module) -> bool:
    """Whether a module is marked as traced."""
    mark = mark_of(module)
    return mark is not None and mark.mode == "trace"
