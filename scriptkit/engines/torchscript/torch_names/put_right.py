"""What torch's compiler makes otherwise than Python, put right in the graphs of what was compiled, before they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.torchscript.torch_names import (
    checked_numbers,
    enum_members,
    held_elements,
    loop_aliases,
    own_elements,
    printed_names,
    python_numbers,
    returned_inputs,
    rounds,
    texts,
    unused_results,
)
from scriptkit.engines.torchscript.torch_names.copied_functions import kinds_in, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def functions(compiled: Sequence[Any]) -> None:
    """Compiled functions and methods."""
    by_name = {function.name: function for function in compiled}
    for function in by_name.values():
        text = text_of(function.graph)
        printed_names.put_right(function.graph, text)
        kinds = kinds_in(function.graph, text)
        for one in (python_numbers, checked_numbers, own_elements, texts, enum_members, rounds):
            if not kinds.isdisjoint(one.CONCERNS):  # most graphs hold nothing that any of these is about
                one.put_right(function.graph)
        returned_inputs.put_right(function, kinds)
    held_elements.put_right(by_name.values())
    loop_aliases.tell(by_name)
    unused_results.keep(compiled)


def methods(cpp_module: Any) -> None:
    """Every method of a module."""
    functions([cpp_module._get_method(name) for name in cpp_module._method_names()])


def tree(scripted: torch.jit.ScriptModule, module: torch.nn.Module) -> None:
    """What was compiled of a tree; a part that was TorchScript before is somebody else's."""
    for part in _made_new(scripted, module):
        methods(part)


def recorded(trace: torch.jit.ScriptModule, module: torch.nn.Module) -> None:
    """What was recorded of a tree: its numbers are those of the run."""
    for part in _made_new(trace, module):
        unused_results.keep([part._get_method(name) for name in part._method_names()])


def _made_new(scripted: torch.jit.ScriptModule, module: torch.nn.Module) -> list[Any]:
    before = {id(part) for part in module.modules() if isinstance(part, torch.jit.ScriptModule)}
    return [part._c for part in scripted.modules() if id(part) not in before]
