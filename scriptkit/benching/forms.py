"""A module in each form it can run in, made for being timed: each on a life of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from scriptkit.artifact.loaded import LoadedModule
from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.engines.export.programs import Programs
from scriptkit.engines.torchscript.engine import files
from scriptkit.exporting.export_program import export_program
from scriptkit.live import programs
from scriptkit.live.lives import life_of
from scriptkit.live.marks import is_scriptable
from scriptkit.optimizing.optimize import optimize
from scriptkit.runtime.compiled import CompiledModule, asked_of, compile, source_of
from scriptkit.runtime.runtime import pinned

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.live.side_by_side import Given

    Make = Callable[[Any, Given], Callable[..., Any]]


class NoSuchFormError(Exception):
    """The module cannot run in a form; the text says why."""


class _Plain:
    """Before a scriptable class: called as torch calls any module, and no class statement to be judged."""

    __call__ = nn.Module.__call__

    def __init_subclass__(cls, **_: Any) -> None:
        """Nothing is checked: the class was."""


def as_python(module: nn.Module) -> nn.Module:
    """A life of the Python module that no call of scriptkit comes between."""
    made = life_of(source_of(module))
    plain: dict[type, type] = {}
    for part in made.modules():
        if is_scriptable(part):
            kind = type(part)
            plain.setdefault(kind, type(kind.__name__, (_Plain, kind), {"__module__": kind.__module__}))
            part.__class__ = plain[kind]
    return made


def _eager(m: Any, given: Given) -> Callable[..., Any]:  # noqa: ARG001
    if isinstance(m, (LoadedModule, Programs)) or programs.is_script_module(m):
        raise NoSuchFormError("there is no Python of it")
    return as_python(m)


def _compiled(m: Any, given: Given) -> Callable[..., Any]:
    if isinstance(m, (LoadedModule, Programs)):
        raise NoSuchFormError("it is no module of Python")
    if programs.is_script_module(m) or is_scriptable(m):
        own: Callable[..., Any] = life_of(m)
        return own
    source = source_of(m)
    return compile(life_of(source), given[0], example_kwargs=given[1], **asked_of(m))


def _pinned(m: Any, given: Given) -> Callable[..., Any]:  # noqa: ARG001
    if not isinstance(m, nn.Module) or not is_scriptable(m):
        raise NoSuchFormError("only a ScriptableModule can be pinned")
    return pinned(life_of(m))


def _loaded(m: Any, given: Given) -> Callable[..., Any]:
    if isinstance(m, LoadedModule):
        return m
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.pt"
        if isinstance(m, Programs):
            m.save(file.with_suffix(".pt2"))  # type: ignore[operator]
            return load(file.with_suffix(".pt2"))
        compiled = m if programs.is_script_module(m) or is_scriptable(m) else _compiled(m, given)
        save(compiled, file)  # type: ignore[arg-type]
        return load(file)


def _optimized(m: Any, given: Given) -> Callable[..., Any]:
    is_ready = isinstance(m, LoadedModule) or programs.is_script_module(m) or is_scriptable(m)
    compiled: Any = m if is_ready or isinstance(m, (CompiledModule, Programs)) else _compiled(m, given)
    return optimize(compiled, given[0], example_kwargs=given[1])


def _exported(m: Any, given: Given) -> Callable[..., Any]:
    if isinstance(m, Programs):
        return m
    if isinstance(m, LoadedModule) or programs.is_script_module(m):
        raise NoSuchFormError("there is no Python of it to export")
    return export_program(life_of(source_of(m)), given[0], example_kwargs=given[1])


def least_call(form: Any) -> Callable[..., Any]:
    """How a form is called with the least between: of a program, its compiled method."""
    if programs.is_script_module(form):
        method: Callable[..., Any] = files.bound_method(form, "forward")
        return method
    called: Callable[..., Any] = form
    return called


FORMS: dict[str, Make] = {
    "eager": _eager,
    "compiled": _compiled,
    "pinned": _pinned,
    "loaded": _loaded,
    "optimized": _optimized,
    "exported": _exported,
}
USUAL = ("eager", "compiled", "pinned", "loaded", "optimized")
"""Without the export, which takes from a second to a minute."""
