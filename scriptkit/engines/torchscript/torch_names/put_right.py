"""What torch compiles otherwise than Python means it, put right in the graphs, before they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.torchscript.torch_names import (
    checked_numbers,
    loop_aliases,
    own_elements,
    python_numbers,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def put_right(functions: Iterable[Any]) -> None:
    """Rewrite the graphs of compiled functions."""
    by_name = {function.name: function for function in functions}
    for function in by_name.values():
        python_numbers.put_right(function.graph)
        checked_numbers.put_right(function.graph)
        own_elements.put_right(function.graph)
        texts.put_right(function.graph)
    loop_aliases.tell(by_name)


def put_methods_right(cpp_module: Any) -> None:
    """`put_right` for every method of a module."""
    put_right([cpp_module._get_method(name) for name in cpp_module._method_names()])


def put_tree_right(scripted: torch.jit.ScriptModule, tree: torch.nn.Module) -> None:
    """`put_right` for what was compiled of a tree; a part that was TorchScript before is somebody else's."""
    before = {id(part) for part in tree.modules() if isinstance(part, torch.jit.ScriptModule)}
    for part in scripted.modules():
        if id(part) not in before:
            put_methods_right(part._c)
