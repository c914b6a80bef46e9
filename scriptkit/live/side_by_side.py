"""One run of a module or of a form of it, with everything that can be compared afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live.comparison import Difference, compare
from scriptkit.live.copies import random_states_kept, with_fresh_tensors
from scriptkit.live.nested import build, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from scriptkit.live.comparison import Difference


_SEED = 271


@dataclass
class _Run:
    """One run: what it gave, what became of its arguments and of the buffers, its gradients, or what it raised."""

    result: Any = None
    args: list[Tensor] = field(default_factory=list)
    buffers: dict[str, Tensor] = field(default_factory=dict)
    gradients: list[Tensor | None] = field(default_factory=list)
    error: Exception | None = None

    def differences(self, other: _Run) -> Iterator[Difference]:
        """Where another run went otherwise."""
        for name in ("result", "args", "buffers", "gradients"):
            path = {"result": "output", "args": "arguments afterwards", "buffers": "buffers afterwards"}.get(name, name)
            yield from compare(getattr(self, name), getattr(other, name), path=path)


def _run(
    function: Callable[..., Any],
    arguments: tuple[Sequence[Any], dict[str, Any]],
    buffers: dict[str, Tensor],
    parameters: Sequence[Tensor] | None,
) -> _Run:
    """Run on copies of the arguments; with parameters, gradients are computed too."""
    made = _Run(buffers=buffers)
    tensors, structure = flatten(with_fresh_tensors(arguments))
    wanted = [t for t in parameters or () if t.requires_grad]
    if parameters is not None:
        tensors = [t.detach() for t in tensors]
        sources = [t.requires_grad_() for t in tensors if t.is_floating_point()]
        wanted += sources
        tensors = [t.clone() for t in tensors]
    args, kwargs = build(structure, tensors)
    try:
        with random_states_kept(_SEED), torch.set_grad_enabled(parameters is not None):
            made.result = function(*args, **kwargs)
            made.gradients = _gradients(made.result, wanted)
    except Exception as error:  # noqa: BLE001 - what either raises is compared, not handled
        made.error = error
    made.args = [tensor.detach() for tensor in tensors]
    return made


def _gradients(result: Any, wanted: list[Tensor]) -> list[Tensor | None]:
    """The gradients of a sum with different weights: those of a plain sum are zero behind a normalisation."""
    totals = [_weighted(t) for t in flatten(result)[0] if t.requires_grad and t.is_floating_point()]
    if not totals or not wanted:
        return [None] * len(wanted)
    return list(torch.autograd.grad(torch.stack(totals).sum(), wanted, allow_unused=True))


def _weighted(tensor: Tensor) -> Tensor:
    weights = torch.arange(1, tensor.numel() + 1, dtype=torch.float32, device=tensor.device).sin()
    return (tensor.reshape(-1).float() * weights).sum()
