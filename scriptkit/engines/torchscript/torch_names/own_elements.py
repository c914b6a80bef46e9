"""A list extended by itself: torch reads the elements while it writes them, and takes what lies behind the list."""

from __future__ import annotations

from typing import Any, Final

from scriptkit.engines.torchscript.torch_names.copied_functions import nodes_of

CONCERNS: Final = frozenset({"aten::extend", "aten::add_"})


def put_right(graph: Any) -> None:
    """Let a list be extended by a copy, unless it is extended by a new one; call this before the graph runs."""
    for node in list(nodes_of(graph)):
        if node.kind() in CONCERNS and node.inputsAt(0).type().kind() == node.inputsAt(1).type().kind() == "ListType":
            added = node.inputsAt(1)
            is_new = added.node().kind() in ("prim::ListConstruct", "aten::list", "aten::slice")
            if not (is_new and len(added.uses()) == 1):
                copied = graph.create("aten::list", [added], 1)
                copied.output().setType(added.type())
                copied.insertBefore(node)
                copied.copyMetadata(node)
                node.replaceInput(1, copied.output())
