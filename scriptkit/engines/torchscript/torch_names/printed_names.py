"""Names of values that torch's own writer of code takes for its own: they get others before a file is written.

A parameter, an attribute or a variable called `torch` is printed so beside `torch.add(...)`, and no reader takes that.
Torch gives `ops`, `inf` and a few more another name by itself; these are the ones it forgets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.torch_names.copied_functions import nodes_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

_PRINTED: Final = frozenset("torch annotate isinstance bool complex float int NoneType".split())
_HELD: Final = re.compile(rf'[%"](?:{"|".join(sorted(_PRINTED))})\b')


def put_right(graph: Any, text: str) -> None:
    """Rename the values of a graph, whose text is given: most hold none, and the text tells so at once."""
    if _HELD.search(text) is None:
        return
    for value in list(_values_of(graph)):
        node = value.node()
        name = value.debugName().partition(".")[0]
        if node.kind() == "prim::GetAttr":
            name = node.s("name")  # the writer names what was read from an attribute by that
        if name in _PRINTED:
            value.setDebugName(f"{name}0")


def give_printable_names(module: torch.jit.ScriptModule) -> None:
    """The same for a whole program, where an attribute has such a name: one read from a file has lost the others."""
    parts: list[Any] = [part._c for part in module.modules()]
    if not any(part.hasattr(name) for part in parts for name in _PRINTED):
        return
    for part in parts:
        for name in part._method_names():
            graph = part._get_method(name).graph
            put_right(graph, text_of(graph))


def refused_parameter(module: torch.jit.ScriptModule) -> tuple[str, str] | None:
    """A method and its parameter of such a name: these are part of how it is called, and stay."""
    parts: list[Any] = [part._c for part in module.modules()]
    for part in parts:
        for name in part._method_names():
            for argument in part._get_method(name).schema.arguments:
                if argument.name in _PRINTED:
                    return name, argument.name
    return None


def _values_of(graph: Any) -> Iterator[Any]:
    yield from graph.inputs()
    for node in nodes_of(graph):
        yield from node.outputs()
        for block in node.blocks():
            yield from block.inputs()
