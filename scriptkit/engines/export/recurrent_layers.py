"""Recurrent layers while a program is exported: one operator each, for every length.

torch works out what `nn.LSTM` and its like give by running them step by step, which fixes the number of the steps. What
they give follows from their arguments: as many steps as come in, and states of the shapes that came in.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from scriptkit.live.torch_names import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_FakeTensor = look_up("tensors without values")
_AT = look_up("dispatch keys").CompositeImplicitAutograd
_NAMES = ("lstm", "gru", "rnn_tanh", "rnn_relu")


@contextlib.contextmanager
def of_any_length() -> Iterator[None]:
    """Let this thread follow recurrent layers without their steps; the operators are as before afterwards."""
    thread = threading.get_ident()
    operators = [getattr(torch.ops.aten, name).input for name in _NAMES]
    before = {operator: operator.py_kernels[_AT] for operator in operators if _AT in operator.py_kernels}
    for operator, kernel in before.items():
        _exchange(operator, _for_thread(thread, kernel))
    try:
        yield
    finally:
        for operator, kernel in before.items():
            _exchange(operator, kernel)


def _exchange(operator: Any, kernel: Callable[..., Any]) -> None:
    del operator.py_kernels[_AT]
    operator.py_impl(_AT)(kernel)


def _for_thread(thread: int, kernel: Callable[..., Any]) -> Callable[..., Any]:
    def given(x: Tensor, state: Tensor | Sequence[Tensor], *arguments: Any) -> Any:
        if threading.get_ident() != thread or not isinstance(x, _FakeTensor):
            return kernel(x, state, *arguments)
        return shapes_given(x, state, *arguments)

    return given


def shapes_given(
    x: Tensor, state: Tensor | Sequence[Tensor], weights: Sequence[Tensor], *arguments: Any
) -> tuple[Tensor, ...]:
    """Tensors of the shapes that a recurrent layer gives: `aten::lstm.input`, or one of the same arguments."""
    *_, is_both_ways, _ = arguments
    states = [state] if isinstance(state, Tensor) else list(state)
    torch._check(x.shape[-1] == weights[0].shape[-1])
    torch._check(states[0].shape[-1] == weights[1].shape[-1])
    width = states[0].shape[-1] * (1 + bool(is_both_ways))
    return (x.new_empty((*x.shape[:-1], width)), *(one.new_empty(one.shape) for one in states))
