"""Programs made faster for inference: weights as constants, convolutions in other layouts, groups of operators fused.

A frozen program has its weights in its code: it has no modes, cannot be moved, and methods that are not kept are gone.
What `for_this_machine` makes of convolutions no file can hold: it is done again after loading.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.torchscript.programs.state import tensor_slots
from scriptkit.engines.torchscript.torch_names.private import LOCK, wrap
from scriptkit.engines.torchscript.torch_names.table import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_freeze, _simplify = look_up("program with constant weights"), look_up("frozen graph simplified")
_for_this_machine = look_up("program for this machine")
_set_fusion, _is_fusing = look_up("fusion by oneDNN"), look_up("whether oneDNN fuses")
_IMAGE_RANK = 4
_BFLOAT16 = 15
_SPECIALISING_CALLS = 3
_MOST_KINDS = 64
"""Kinds of arguments that are told apart: torch specialises for fewer, and a stream of lengths has no end."""


def frozen(
    module: torch.jit.ScriptModule, methods: Sequence[str], *, changes_numbers: bool = True
) -> torch.jit.ScriptModule:
    """The program with its weights as constants; `methods` are kept besides `forward`.

    With `changes_numbers`, batch normalisation and constant factors are computed into the weights of convolutions and
    linear layers, which rounds otherwise. The program given has to be in evaluation mode.
    """
    made = wrap(_freeze(module._c, list(methods)))
    for name in ("forward", *methods):
        if made._c._has_method(name):
            _simplify(made._c._get_method(name).graph, changes_numbers)
    return made


def for_this_machine(module: torch.jit.ScriptModule, methods: Sequence[str]) -> torch.jit.ScriptModule:
    """A frozen program, its convolutions and linear layers converted to what this machine computes fastest."""
    made = wrap(_freeze(module._c, list(methods)))
    _for_this_machine(made._c, list(methods))
    return made


def in_channels_last(module: torch.jit.ScriptModule) -> bool:
    """Lay the weights of convolutions out with channels last, in place; False where there are none."""
    weights = [slot for slot in tensor_slots(module) if slot.tensor.dim() == _IMAGE_RANK]
    for holder, name, tensor in weights:
        holder.setattr(name, tensor.detach().contiguous(memory_format=torch.channels_last))
    return bool(weights)


def in_bfloat16(module: torch.jit.ScriptModule, methods: Sequence[str]) -> torch.jit.ScriptModule:
    """The frozen program, computing in bfloat16; its methods take and give float32 as before."""
    for holder, name, tensor in tensor_slots(module):
        if tensor.dtype == torch.float32:
            holder.setattr(name, tensor.detach().to(torch.bfloat16))
    made = frozen(module, methods)
    for name in ("forward", *methods):
        _narrow(made._c._get_method(name).graph)
    return made


def _narrow(graph: Any) -> None:
    """Float32 that comes into a graph in bfloat16, and what it gives in float32."""
    yes, no = graph.insertConstant(True), graph.insertConstant(False)
    dtype = graph.insertConstant(_BFLOAT16)
    for constant in (dtype, no, yes):
        constant.node().moveBefore(next(iter(graph.nodes())))
    for value in [one for one in graph.inputs() if _is_tensor(one)]:
        narrowed = graph.create("aten::_autocast_to_reduced_precision", [value, no, yes, dtype, dtype], 1)
        narrowed.insertAfter(dtype.node())
        value.replaceAllUsesAfterNodeWith(narrowed, narrowed.output())
    _widen(graph, graph.return_node(), (no, yes))


def _widen(graph: Any, user: Any, flags: tuple[Any, Any]) -> None:
    """The tensors that a node takes, in float32; those within tuples, too."""
    for place, value in enumerate(list(user.inputs())):
        if value.node().kind() == "prim::TupleConstruct":
            _widen(graph, value.node(), flags)
        elif _is_tensor(value):
            widened = graph.create("aten::_autocast_to_full_precision", [value, *flags], 1)
            if user.kind() == "prim::Return":
                graph.appendNode(widened)
            else:
                widened.insertBefore(user)
            user.replaceInput(place, widened.output())


def _is_tensor(value: Any) -> bool:
    return bool(value.type().kind() == "TensorType")


def why_no_onednn() -> str:
    """Why this process cannot fuse operators with oneDNN; empty where it can."""
    if not torch.backends.mkldnn.is_available():
        return "this build of torch has no oneDNN"
    return ""


@contextmanager
def fusing_with_onednn() -> Iterator[None]:
    """Programs whose first calls run in here are fused, and stay so.

    The switch is one of the process, and there are programs that cannot run fused: nothing else is to run meanwhile.
    """
    with LOCK:
        before: Any = _is_fusing()
        _set_fusion(True)
        try:
            yield
        finally:
            _set_fusion(before)


class FusedMethod:
    """A compiled method whose first calls with arguments of a kind run with the switch on, so that they are fused.

    The first is watched, the second specialises; from then on the switch makes no difference to such calls.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self._left: dict[Any, int] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the method."""
        kind = torch.is_grad_enabled(), *map(_kind, args), *map(_kind, kwargs.values())
        left = self._left.get(kind, _SPECIALISING_CALLS if len(self._left) < _MOST_KINDS else 0)
        if not left:
            return self._method(*args, **kwargs)
        with fusing_with_onednn():
            result = self._method(*args, **kwargs)
        self._left[kind] = left - 1
        return result


def _kind(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.shape, value.dtype
    if isinstance(value, (list, tuple)):
        return tuple(map(_kind, value))
    return tuple(map(_kind, value.values())) if isinstance(value, dict) else type(value)
