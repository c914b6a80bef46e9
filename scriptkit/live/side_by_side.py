"""The one way to run a module beside its form: each on a life of its own, and everything that can be compared after.

`run` calls one of them. Two runs are compared by `Run.differences`: results, arguments afterwards, the state that was
left, gradients, and where the random generator stands. Who has to know whether a form refused the call, and did not
answer wrongly, asks `is_refusal`: it goes by the type of the error, and by the marks that the engine puts into the
errors of compiled code, which have no type.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from scriptkit.errors import OtherCallError
from scriptkit.live.comparison import Difference, compare
from scriptkit.live.copies import random_states_kept, with_fresh_tensors
from scriptkit.live.nested import build, flatten
from scriptkit.live.restoring import restored
from scriptkit.live.storages import storage_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import Tensor

    from scriptkit.live.comparison import Tolerance

SEED = 271
_RUNNING: Final = threading.RLock()
_LONGEST_WAIT: Final = 2.0  # seconds
Given = tuple["Sequence[Any]", "dict[str, Any]"]
PARTS = {
    "result": "output",
    "arguments": "arguments afterwards",
    "state": "state afterwards",
    "gradients": "gradients",
    "generator": "random numbers drawn",
    "relations": "memory of the output",
}


@dataclass
class Run:
    """One run: what it gave, what became of its arguments and its state, its gradients, or what it raised."""

    result: Any = None
    arguments: Any = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    gradients: Any = ()
    generator: Any = None
    relations: Any = ()
    error: Exception | None = None

    def differences(
        self, other: Run, tolerance: Tolerance | None = None, parts: Sequence[str] = tuple(PARTS)
    ) -> Iterator[Difference]:
        """Where another run went otherwise."""
        for name in parts:
            mine, its = getattr(self, name), getattr(other, name)
            yield from compare(mine, its, tolerance, path=PARTS[name])

    def in_types_of(self, expected: Run) -> Run:
        """The same with containers of the types another run gave: compiled code knows fewer."""
        with suppress(KeyError, TypeError, ValueError, IndexError):  # another shape of result is told by the comparison
            self.result = restored(flatten(expected.result)[1], self.result)
        return self


def run(
    function: Callable[..., Any],
    given: Given,
    *,
    state: Callable[[], Mapping[str, Any]] = dict,
    wanted: Mapping[str, Tensor] | None = None,
    grad: bool = False,
    seed: int = SEED,
) -> Run:
    """Call on copies of the arguments; with `wanted`, the gradients of these and of the arguments are computed too."""
    made = Run()
    arguments, structure = flatten(given)
    sources: dict[str, Tensor] = {}
    if wanted is None:
        arguments = flatten(with_fresh_tensors(given))[0]
    else:
        leaves = [tensor.detach().clone() for tensor in arguments]
        sources = {f"argument tensor {n}": t.requires_grad_() for n, t in enumerate(leaves) if _differentiable(t)}
        sources |= {name: tensor for name, tensor in wanted.items() if tensor.requires_grad}
        arguments = [tensor.clone() for tensor in leaves]
    args, kwargs = build(structure, arguments)
    before = _containers(args, kwargs)
    try:
        with _alone(), random_states_kept(seed), torch.set_grad_enabled(grad or wanted is not None):
            made.result = function(*args, **kwargs)
            made.generator = torch.get_rng_state()
            if wanted is not None:
                made.gradients = _gradients(made.result, sources)
    except Exception as error:  # noqa: BLE001 - what either raises is compared, not handled
        made.error = error
    made.arguments = [tensor.detach() for tensor in arguments], before
    made.state = state()
    made.relations = _relations(made, arguments)
    made.result = with_fresh_tensors(made.result)  # what the next call writes
    return made


@contextmanager
def _alone() -> Iterator[None]:
    """Not while another thread runs something beside its form: both draw from the one generator of the process.

    What it runs may wait for something that this thread holds, so that the wait has an end; a difference that comes of
    it is not the same when it is looked for again.
    """
    is_alone = _RUNNING.acquire(timeout=_LONGEST_WAIT)
    try:
        yield
    finally:
        if is_alone:
            _RUNNING.release()


def _relations(made: Run, arguments: Sequence[Tensor]) -> list[str]:
    """For each tensor of the result, how it lies in memory, and whose memory that is."""
    owners: dict[int | None, str] = {}
    for name, value in made.state.items():
        if isinstance(value, torch.Tensor):
            owners.setdefault(storage_key(value), f"that of `{name}`")
    for number, tensor in enumerate(arguments):
        owners.setdefault(storage_key(tensor), f"that of input {number}")
    told = []
    for number, tensor in enumerate(flatten(made.result)[0]):
        key = storage_key(tensor)
        whose = owners.setdefault(key, f"that of result {number}") if key is not None else "its own"
        whose = "its own" if whose == f"that of result {number}" else whose
        told.append(f"{whose}, {'contiguous' if _is_contiguous(tensor) else 'with strides of its own'}")
    return told


def _is_contiguous(tensor: Tensor) -> bool:
    return tensor.layout != torch.strided or tensor.is_contiguous()


def _differentiable(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _containers(args: Any, kwargs: Any) -> list[Any]:
    """The lists and dictionaries among the arguments: a call may fill them."""
    return [value for value in (*args, *kwargs.values()) if type(value) in {list, dict}]


def _gradients(result: Any, wanted: Mapping[str, Tensor]) -> dict[str, Tensor | None]:
    """The gradients of a sum with different weights: those of a plain sum are zero behind a normalisation."""
    totals = [_weighted(t) for t in flatten(result)[0] if t.requires_grad and _differentiable(t)]
    if not totals or not wanted:
        return dict.fromkeys(wanted)
    found = torch.autograd.grad(torch.stack(totals).sum(), list(wanted.values()), allow_unused=True)
    return dict(zip(wanted, found, strict=True))


def _weighted(tensor: Tensor) -> Tensor:
    wide = (tensor.abs() if tensor.is_complex() else tensor).reshape(-1).double()
    return (wide * torch.arange(1, wide.numel() + 1, dtype=torch.float64, device=tensor.device).sin()).sum()


def reproduces(again: Callable[[], Run], first: Run) -> bool:
    """Whether what a module gave for changed inputs is an answer that can be compared with.

    Not where it gives another one the next time. Nor where torch's careful kernel for attention refuses what its fast
    one computes: that reads beyond keys that are fewer than the values, and gives whatever lies there.
    """
    with sdpa_kernel(SDPBackend.MATH):
        careful = again()
    if first.error is None and careful.error is not None:
        return False
    return not any(first.differences(again()))


def is_refusal(error: BaseException, told_by_engine: Callable[[BaseException], str | None]) -> bool:
    """Whether a form says that it was not made for such a call, which is no wrong answer."""
    is_told = isinstance(error, OtherCallError) or bool(getattr(error, "refuses_call", False))
    return is_told or told_by_engine(error) is not None
