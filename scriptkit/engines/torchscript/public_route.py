"""The way without private names of torch: rewritten functions as generated text, compiled by `torch.jit.script`.

Taken where `adapter.is_complete()` is False. Behaviour is the same; construction is slower, and a raw error points at
the generated text first.
"""

from __future__ import annotations

import ast
import io
import itertools
import linecache
from typing import TYPE_CHECKING, Any, Final, cast

import torch

from scriptkit.engines.torchscript import python_numbers

if TYPE_CHECKING:
    from types import FunctionType

    from scriptkit.engines.torchscript.lifting import LiftedFunction

_count: Final = itertools.count()


def as_function(lifted: LiftedFunction) -> FunctionType:
    """A lifted function as one Python itself can call and `torch.jit.script` can read."""
    text = ast.unparse(lifted.ast) + "\n"
    path = f"<{lifted.__qualname__} as the compiler sees it {next(_count)}>"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    namespace = dict(lifted.__globals__)
    exec(compile(text, path, "exec"), namespace)  # noqa: S102 - the user's own function
    function = cast("FunctionType", namespace[lifted.ast.body[0].name])
    function.__name__, function.__qualname__ = lifted.__name__, lifted.__qualname__
    function.__module__ = lifted.original.__module__
    function.__dict__.update(lifted.original.__dict__)
    function.__dict__.pop("__wrapped__", None)
    lifted.__dict__["generated_path"] = path
    return function


def script(module: torch.nn.Module) -> torch.jit.ScriptModule:
    """Compile a shadow tree through the public door."""
    scripted: torch.jit.ScriptModule = torch.jit.script(module)
    python_numbers.put_tree_right(scripted, module)
    return scripted


def script_function(function: FunctionType) -> Any:
    """Compile a free function through the public door."""
    compiled: Any = torch.jit.script(function)
    python_numbers.put_right([compiled])
    return compiled


def can_be_saved(scripted: torch.jit.ScriptModule) -> None:
    """Write a module to memory; raises what torch raises."""
    torch.jit.save(scripted, io.BytesIO())


def instances_of(shadow: torch.nn.Module, scripted: Any, found: dict[int, Any]) -> dict[int, Any]:
    """From each shadow module to its C++ module; torch makes two of one that stands at two places, one is enough."""
    found[id(shadow)] = scripted._c
    for name, child in shadow._modules.items():
        if child is None or isinstance(child, torch.jit.ScriptModule):
            continue
        inner = scripted._modules[name]
        if id(child) in found:
            scripted._c.setattr(name, found[id(child)])
        else:
            instances_of(child, inner, found)
    return found
