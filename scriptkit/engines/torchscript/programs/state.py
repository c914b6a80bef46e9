"""The state of a program: its tensors and attributes exchanged, left out, put back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scriptkit.engines.interface import Slot
from scriptkit.engines.torchscript.programs.written import attributes_written_in
from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.live.programs import is_compiled, is_script_module, part_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch
    from torch import Tensor, nn


_set_profiling = look_up("choice of executor")


@contextmanager
def plain_executor() -> Iterator[None]:
    """Compiled code that runs for the first time in here gets torch's plain executor, and keeps it.

    It does not run twice before it is fast, and keeps no plan made in another grad mode (see `private.method_of`).
    Switching optimisation off instead would be cheaper, but later, optimised runs of code that fills a list may then
    find it filled (torch 2.13).
    """
    before = _set_profiling(False)
    try:
        yield
    finally:
        _set_profiling(before)


@contextmanager
def exchanged(traced: torch.jit.ScriptModule, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """For a while, give a traced module changed parameters and buffers."""
    slots: list[tuple[Any, str, Tensor]] = [
        (part, name, tensor)
        for part in traced.modules()
        for name, tensor in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False))
    ]
    try:
        for part, name, tensor in slots:
            part._c.setattr(name, change(tensor.detach()))
        yield
    finally:
        for part, name, tensor in slots:
            part._c.setattr(name, tensor)


def adopt(traced: torch.jit.ScriptModule, module: nn.Module) -> None:
    """Let the recording of a life (`traced`, at the same paths) use parameters, buffers and programs of the module."""
    for path, part in module.named_modules():
        if is_compiled(part) and not path:
            continue
        mirror: Any = part_at(traced, path.rpartition(".")[0] if is_compiled(part) else path)
        if mirror is None:
            continue
        if is_script_module(part):
            mirror._c.setattr(path.rpartition(".")[2], part._c)
        else:
            for name, tensor in (*part._parameters.items(), *part._buffers.items()):
                if tensor is not None:
                    mirror._c.setattr(name, tensor)


def tensor_slots(form: torch.jit.ScriptModule) -> list[Slot]:
    """Every place of a compiled tree that holds a parameter or buffer: the C++ module, the name, the tensor."""
    found: list[Slot] = []
    seen: set[Any] = set()
    for part in form.modules():
        cpp: Any = part._c
        if cpp not in seen:
            seen.add(cpp)
            tensors = (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False))
            found += [Slot(cpp, name, tensor) for name, tensor in tensors]
    return found


def assigned_attributes(form: torch.jit.ScriptModule) -> Iterator[tuple[str, list[str], Any]]:
    """Every module of a compiled tree whose code writes attributes: its path, which they are, the C++ module."""
    parts = dict(form.named_modules())
    written: set[tuple[str, str]] = set()
    for part in parts.values():
        cpp: Any = part._c
        written |= attributes_written_in(cpp._type().str(), cpp)
    for path, part in parts.items():
        cpp = part._c
        names = sorted(name for kind, name in written if kind == cpp._type().str())
        if names:
            yield path, names, cpp


@contextmanager
def without_weights(form: torch.jit.ScriptModule) -> Iterator[None]:
    """For a while, tensors without elements: code can be written and read again without the weights."""
    with exchanged(form, lambda tensor: tensor.to("meta")):
        yield
