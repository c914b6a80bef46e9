"""Decorators that say which methods are compiled; each keeps the signature of what it decorates."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, overload

from scriptkit.language.parsing import PARSING
from scriptkit.live.marks import scripted_dataclasses

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def export(method: Callable[P, R]) -> Callable[P, R]:
    """Compile a method besides `forward`; calls of it from Python run compiled, and saved files contain it."""
    wrapper = _in_globals_of(_dispatching(method, _run_exported), method)
    return _marked(wrapper, "EXPORT")


def ignore(method: Callable[P, R]) -> Callable[P, R]:
    """Leave a method in Python: compiled code calls it with the user's own object as `self`; a file cannot hold it."""
    return _marked(method, "IGNORE")


def unused(method: Callable[P, R]) -> Callable[P, R]:
    """Leave a method out: compiled code that reaches it raises; guard the call by `torch.jit.is_scripting()`."""
    return _marked(method, "UNUSED")


_SCRIPTED = "__scriptkit_script__"


@overload
def script(target: type[T]) -> type[T]: ...
@overload
def script(target: Callable[P, R]) -> Callable[P, R]: ...
def script(target: Any) -> Any:
    """Compile a function when it is first called, or let compiled code use a plain class.

    Nothing compiles at import. A class stays an ordinary class in Python.
    """
    if inspect.isclass(target):
        setattr(target, _SCRIPTED, True)
        if dataclasses.is_dataclass(target):
            scripted_dataclasses.append(target)
        return target
    wrapper = _in_globals_of(_dispatching(target, _run_scripted), target)
    setattr(wrapper, _SCRIPTED, target)
    return wrapper


_decorators: tuple[Any, ...] = (export, ignore, unused, script)
for _decorator in _decorators:
    _decorator.__scriptkit_transparent__ = True  # the engine knows what they mean


def _run_exported(method: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an exported method of a scriptable module compiled; of any other object as Python."""
    from scriptkit.authoring.module import ScriptableModule

    owner, *rest = args
    if isinstance(owner, ScriptableModule):
        return owner._scriptkit_call_exported(method, tuple(rest), kwargs)
    return method(*args, **kwargs)


def _run_scripted(function: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a function compiled; torch loads, and the function compiles, at the first call."""
    with PARSING:
        from scriptkit.runtime.functions import call

    return call(function, args, kwargs)


def _marked(method: Callable[P, R], modifier: str) -> Callable[P, R]:
    """Set torch's own mark, so that `torch.jit.script` understands the class as well."""
    with PARSING:
        from scriptkit.engines.torchscript.engine import making

    making.set_modifier(method, modifier)
    return method


def _dispatching(function: Callable[..., Any], dispatch: Callable[..., Any]) -> types.FunctionType:
    def call(*args: Any, **kwargs: Any) -> Any:
        return dispatch(function, args, kwargs)

    return cast("types.FunctionType", call)


def _in_globals_of(wrapper: types.FunctionType, function: Callable[P, R]) -> Callable[P, R]:
    """A wrapper that looks names up where the wrapped function does: `torch.jit.script` asks for them there."""
    namespace = getattr(function, "__globals__", {})
    moved = types.FunctionType(wrapper.__code__, namespace, wrapper.__name__, None, wrapper.__closure__)
    return functools.update_wrapper(moved, function)
