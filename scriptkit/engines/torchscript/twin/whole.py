"""A module as one complete TorchScript module, which a file can hold and every other tool takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scriptkit.engines.torchscript.lifting.chosen_methods import is_chosen
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.twin.twin import Twin
from scriptkit.engines.torchscript.types.explaining import compile_or_explain
from scriptkit.engines.torchscript.types.unfaithful import SharedContainerError
from scriptkit.errors import CompilationError

if TYPE_CHECKING:
    import torch

    from scriptkit.engines.torchscript.types.compiler import CompiledTree


def scripted(module: torch.nn.Module) -> torch.jit.ScriptModule:
    """A module without foreign parts, compiled and complete; raises `CompilationError`."""
    return complete(module, compile_or_explain(module))


class ForFile(NamedTuple):
    """A complete module, and which of its methods switches autocast on, which no file does."""

    program: torch.jit.ScriptModule
    autocast: str | None = None


def complete(module: torch.nn.Module, tree: CompiledTree) -> torch.jit.ScriptModule:
    """The compiled tree of a module with the module's own weights; raises `CompilationError` for what it would lose."""
    return for_file(module, tree).program


def for_file(module: torch.nn.Module, tree: CompiledTree) -> ForFile:
    """The same, with what a file has to know of it."""
    twin = Twin(module, tree, is_complete=True)
    _refuse_overrides(module, twin)
    twin.bind()
    for part in twin.parts:
        part.bind()
    twin.fix_parametrized()
    program = private.wrap(twin.root) if twin.tree.scripted is None else twin.tree.scripted
    return ForFile(program, twin.facts.decorated_with_autocast())


def _refuse_overrides(module: torch.nn.Module, twin: Twin) -> None:
    """A file would hold the method of the class, and compute something else than the module does."""
    forward = module.__dict__.get("forward")
    is_replaced = forward is not None and not is_chosen(module, forward)
    hidden = "its `forward` was replaced" if is_replaced else twin.overrides.first()
    if hidden is not None:
        message = f"{type(module).__name__} cannot become TorchScript as it is: {hidden}; write a subclass instead"
        raise CompilationError(message)
    shared = twin.container_of_two()
    if shared is not None:
        message = f"{type(module).__name__} cannot become TorchScript as it is: {shared}"
        raise SharedContainerError(f"{message}; give each its own, and hand values over as arguments and results")
    changed = next(filter(None, (part.why_in_no_file() for part in twin.parts)), None)
    if changed is not None:
        message = f"{type(module).__name__} cannot become TorchScript as it is: {changed}"
        raise CompilationError(f"{message}; undo that, or call the module once: where it can, it is compiled again")
