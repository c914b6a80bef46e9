"""What a program looks like: its code and its graphs as torch prints them, also with every call written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.engines.torchscript.torch_names.table import look_up

if TYPE_CHECKING:
    import torch

_function_of = look_up("program of a graph")


def inlined_code(program: torch.jit.ScriptModule, path: str, method: str) -> str:
    """The one flat function that a method is with all calls written out."""
    made: Any = _function_of(method, _method(program, path, method).inlined_graph)
    return str(made.code)


def graph_text(program: torch.jit.ScriptModule, path: str, method: str, *, inlined: bool) -> str:
    """The graph of a method of a part."""
    found = _method(program, path, method)
    return str(found.inlined_graph if inlined else found.graph)


def _method(program: torch.jit.ScriptModule, path: str, method: str) -> Any:
    part: Any = program._c
    for name in path.split(".") if path else ():
        part = part.getattr(name)
    return part._get_method(method)
