"""Compile a tree, or explain everything that stands in the way at once.

The compiler stops at the first error. So after a failure the tree is compiled again without the body of the function
that failed (its callers are checked against its signature), until nothing new comes up. All of it is thrown away.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

from scriptkit.diagnostics import Diagnostic, in_source_order
from scriptkit.engines.torchscript.lifting.function_source import SourceUnavailableError
from scriptkit.engines.torchscript.lifting.functions import UnknownDecoratorError
from scriptkit.engines.torchscript.lifting.lifted_class import LiftedClasses, UnreadableMethodError
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.torch_names.private import LOCK
from scriptkit.engines.torchscript.types import compiler, raw_errors
from scriptkit.engines.torchscript.types.compiler import CompiledTree, compile_tree, functions
from scriptkit.engines.torchscript.types.instance_facts import (
    check_instances,
    explain_missing_attribute,
    is_consequence,
)
from scriptkit.engines.torchscript.types.shadow import UninitializedParametersError
from scriptkit.engines.torchscript.types.translation import decorator_diagnostic, diagnostic_of
from scriptkit.engines.torchscript.types.unfaithful import UnfaithfulError
from scriptkit.errors import CompilationError, ScriptkitError

if TYPE_CHECKING:
    import types

    import torch

    from scriptkit.engines.torchscript.lifting.lifting import LiftedFunction

_MOST_ERRORS: Final = 100
_MOST_DISTURBED: Final = 4
_SUPPORTED_PYTHON: Final = (3, 14)


def compile_or_explain(module: torch.nn.Module) -> CompiledTree:
    """Compile the types of a tree; raises one `CompilationError` with a diagnostic per failing method.

    The diagnostics are found when they are read: a refusal whose module gets another form is not explained at all.
    """
    _refuse_unsupported_python()
    contradictions = check_instances(module)
    if contradictions and all(d.name == "int-for-float" for d in contradictions.values()):
        explained = _error(module, [*contradictions.values()])
        raise UnfaithfulError(explained.headline, explained.diagnostics)
    if contradictions:
        constants = {place for place, d in contradictions.items() if d.name == "final-constant-bad-value"}
        raise _error(module, [*contradictions.values(), *_all_errors(module, constants)])
    try:
        return _compiled(module)
    except (UninitializedParametersError, UnreadableMethodError, CompilationError):
        raise
    except Exception as error:  # noqa: BLE001 - torch.jit raises nine types of exception for errors of the user's code
        refusal = error.with_traceback(None)
        with LOCK:  # other threads lift functions
            first = _first_of(module, refusal)
        raise CompilationError(
            f"{type(module).__name__} does not compile", first, explain=lambda: _explained(module, refusal)
        ) from None


def _compiled(module: torch.nn.Module) -> CompiledTree:
    """Torch parses for itself, and CPython fails where a thread that knows nothing of our lock does so as well."""
    for _ in range(_MOST_DISTURBED):
        with suppress(SystemError):
            return compile_tree(module)
    return compile_tree(module)


def _first_of(module: torch.nn.Module, error: Exception) -> list[Diagnostic]:
    """The error at which the compiler stopped."""
    if isinstance(error, UnknownDecoratorError):
        return [decorator_diagnostic(error.lifted)]
    if isinstance(error, SourceUnavailableError):
        return []
    raw = raw_errors.read(error)
    failing = _failing_function(raw, compiler.classes, set())
    explained = explain_missing_attribute(raw, failing, module) if failing is not None else None
    return [explained or diagnostic_of(raw, failing, type(module))]


def _refuse_unsupported_python() -> None:
    if sys.version_info >= _SUPPORTED_PYTHON:
        version = ".".join(map(str, sys.version_info[:2]))
        message = (
            f"Python {version} has no TorchScript compiler: torch.jit supports Python up to 3.13; "
            "use one of these, or set SCRIPTKIT_DISABLE=1 to run the module as ordinary Python"
        )
        raise CompilationError(message)


def _explained(module: torch.nn.Module, first: Exception) -> CompilationError:
    found = _all_errors(module)
    if found:
        return _error(module, found)
    if isinstance(first, SourceUnavailableError):
        return CompilationError(f"{type(module).__name__} cannot be compiled: {first}")
    return CompilationError(f"{type(module).__name__} cannot be compiled: {raw_errors.read(first).reason}")


def _error(module: torch.nn.Module, found: list[Diagnostic]) -> CompilationError:
    ordered = in_source_order(found)
    places = dict.fromkeys(".".join(filter(None, (d.class_name, d.method))) for d in ordered)
    count = f"{len(ordered)} errors" if len(ordered) > 1 else "1 error"
    return CompilationError(f"{type(module).__name__} does not compile: {count} in {', '.join(places)}", ordered)


class _Finished(Exception):  # noqa: N818 - not an error: it ends the search and empties torch's store
    """Every error has been found."""


def _all_errors(module: torch.nn.Module, without: set[tuple[type, str]] | None = None) -> list[Diagnostic]:
    """Every error of the compiler; `without` are declarations known to be contradicted by a value."""
    found: list[Diagnostic] = []
    dropped: set[object] = set(without or ())
    with LOCK:
        try:
            with private.type_store_unchanged_on_failure():
                _collect_errors(module, dropped, found)
        except _Finished:
            return found


def _collect_errors(module: torch.nn.Module, dropped: set[object], found: list[Diagnostic]) -> NoReturn:
    while len(found) < _MOST_ERRORS and _find_next_error(module, dropped, found):
        pass
    raise _Finished


def _find_next_error(module: torch.nn.Module, dropped: set[object], found: list[Diagnostic]) -> bool:
    """Compile without the functions known to fail; add the next error. False when the search is at its end."""
    classes = LiftedClasses(frozenset(dropped))
    try:
        compile_tree(module, classes)
    except UnknownDecoratorError as error:
        found.append(decorator_diagnostic(error.lifted))
        dropped.add(error.lifted.original)
        return True
    except SourceUnavailableError:
        return False
    except Exception as error:  # noqa: BLE001 - torch.jit raises nine types of exception for errors of the user's code
        return _record(module, error, classes, dropped, found)
    return False


def _record(
    module: torch.nn.Module, error: Exception, classes: LiftedClasses, dropped: set[object], found: list[Diagnostic]
) -> bool:
    raw = raw_errors.read(error)
    failing = _failing_function(raw, classes, dropped)
    if failing is None:
        is_news = not any(raw.names(d.path, d.line) for d in found)
        if is_news:  # perhaps of the signature of a function whose body was dropped
            found.append(diagnostic_of(raw, _failing_function(raw, classes, set()), type(module)))
        return False
    dropped.add(failing.original)
    if not is_consequence(raw, {entry[1] for entry in dropped if isinstance(entry, tuple)}):
        explained = explain_missing_attribute(raw, failing, module)
        found.append(explained or diagnostic_of(raw, failing, type(module)))
    return True


def _holds(lifted: LiftedFunction, place: raw_errors.Place) -> bool:
    is_generated = place.path == getattr(lifted, "generated_path", None)
    return is_generated or lifted.function_source.contains(place.path, place.line)


def _failing_function(raw: raw_errors.RawError, classes: LiftedClasses, dropped: set[object]) -> LiftedFunction | None:
    """The innermost function of the user's that an error points into and that was not dropped before."""
    for place in raw.places:
        for lifted in classes.all_functions():
            if lifted.original not in dropped and _holds(lifted, place):
                return lifted
    return None


def compile_function_or_explain(function: types.FunctionType) -> Any:
    """The compiled form of a free function as it is now; raises `CompilationError` with a diagnostic."""
    with LOCK, private.while_compiling():
        try:
            return functions().compile(function)
        except ScriptkitError:
            raise
        except Exception as error:  # noqa: BLE001 - torch.jit raises nine types of exception for errors of the user's code
            found = diagnostic_of(raw_errors.read(error), functions().entries[function].lifted, object)
            raise CompilationError(f"`{function.__qualname__}` does not compile: 1 error", [found]) from None
