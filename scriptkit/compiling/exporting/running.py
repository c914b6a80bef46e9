"""Running a method, or its program, on copies: result, arguments and buffers afterwards, gradients, or the error."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import switches
from scriptkit.live.comparison import Difference, compare
from scriptkit.live.containers import Containers
from scriptkit.live.copies import (
    asks_for_gradients,
    buffers_restored,
    copy_tree,
    random_states_kept,
    with_fresh_tensors,
)
from scriptkit.live.nested import build, flatten
from scriptkit.live.undoing import contents_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import Tensor, nn

    from scriptkit.engines.export.programs import MethodProgram

SEED = 271
CALLS_IN_A_ROW = 3


@dataclass
class Run:
    """One run. `buffers` are those after it, `arguments` the tensors that were given, as they are after it.

    `changed` names a list, a dictionary or an object of the caller's that the run changed.
    """

    result: Any = None
    arguments: list[Tensor] = field(default_factory=list)
    buffers: dict[str, Tensor] = field(default_factory=dict)
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    error: Exception | None = None
    changed: str = ""

    def differences(self, other: Run) -> Iterator[Difference]:
        """Where another run went otherwise."""
        yield from compare(self.result, other.result)
        yield from compare(self.arguments, other.arguments, path="arguments afterwards")
        if self.changed:
            yield Difference(
                f"'{self.changed}' afterwards", "a call changes it, and no program changes what it is given"
            )
        shared = self.buffers.keys() & other.buffers.keys()
        for name in sorted(shared):
            yield from compare(self.buffers[name], other.buffers[name], path=f"buffer `{name}` afterwards")
        for name in sorted(self.gradients.keys() & other.gradients.keys()):
            yield from compare(self.gradients[name], other.gradients[name], path=f"gradient of `{name}`")


def bound(module: nn.Module, method: str) -> Callable[..., Any]:
    """A method as a user calls it: `forward` by calling the module, with its hooks."""
    return module if method == "forward" else getattr(module, method)


class Original:
    """The method of the module as Python runs it, each time on a copy of the module."""

    def __init__(self, module: nn.Module, method: str) -> None:
        self.module = module
        self.method = method

    def copy(self) -> nn.Module:
        """A copy with buffers and attributes of its own, and the same parameters."""
        return copy_tree(self.module)

    def run_on(self, copy: nn.Module, args: Any, kwargs: Any, *, gradients: bool = False) -> Run:
        """Run on a copy, which keeps what the run writes."""
        with switches.eager():
            method = getattr(copy, self.method)
            made = _run(bound(copy, self.method), (args, kwargs), _parameters(copy) if gradients else None, method)
        made.buffers = _cloned(dict(copy.named_buffers()))
        return made

    def line_of_change(self, args: Any, kwargs: Any, counts: Callable[[str], bool]) -> tuple[str, int] | None:
        """The line, among files that count, that changes a container of the caller's first."""
        copy = self.copy()
        own_args, own_kwargs = with_fresh_tensors((args, kwargs))
        given = Containers(getattr(copy, self.method), own_args, own_kwargs)
        with contents_kept((args, kwargs)), switches.eager(), random_states_kept(SEED), given.watched(counts) as found:
            bound(copy, self.method)(*own_args, **own_kwargs)
        return next(iter(found), None)

    def run(self, args: Any, kwargs: Any, *, gradients: bool = False) -> Run:
        """Run on a fresh copy."""
        return self.run_on(self.copy(), args, kwargs, gradients=gradients)


class Program:
    """A program beside it; its buffers come back after each block."""

    def __init__(self, program: MethodProgram) -> None:
        self.program = program
        self.module = program.module

    @contextmanager
    def kept(self) -> Iterator[None]:
        """A block that leaves the buffers of the program as they were."""
        with buffers_restored(self.module.buffers()):
            yield
        for buffer in self.module.buffers():
            if buffer.grad_fn is not None:  # it was written in place while gradients were recorded
                buffer.detach_()

    def run(self, args: Any, kwargs: Any, *, gradients: bool = False) -> Run:
        """Run, and keep what the run writes."""
        made = _run(self.program, (args, kwargs), _parameters(self.module) if gradients else None)
        made.buffers = _cloned(dict(self.module.named_buffers()))
        return made


def _parameters(module: nn.Module) -> dict[str, Tensor]:
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}


def _cloned(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def _run(
    function: Callable[..., Any],
    call: tuple[Any, Any],
    parameters: Mapping[str, Tensor] | None,
    method: Callable[..., Any] | None = None,
) -> Run:
    """Run on copies of the arguments; with parameters, gradients are computed too."""
    with contents_kept(call):  # an object without tensors is the caller's own
        made = _run_on_copies(function, with_fresh_tensors(call), parameters, method, needs_gradients=False)
    if made.error is None or parameters is not None or not asks_for_gradients(made.error):
        return made
    with contents_kept(call):
        return _run_on_copies(function, with_fresh_tensors(call), parameters, method, needs_gradients=True)


def _run_on_copies(
    function: Callable[..., Any],
    call: tuple[Any, Any],
    parameters: Mapping[str, Tensor] | None,
    method: Callable[..., Any] | None,
    *,
    needs_gradients: bool,
) -> Run:
    made = Run()
    tensors, structure = flatten(call)
    wanted = dict(parameters or {})
    if parameters is not None:
        tensors = [tensor.detach() for tensor in tensors]
        for number, tensor in enumerate(tensors):
            if tensor.is_floating_point():
                wanted[f"argument {number}"] = tensor.requires_grad_()
        tensors = [tensor.clone() for tensor in tensors]
    args, kwargs = build(structure, tensors)
    given = Containers(method, args, kwargs) if method is not None else None
    try:
        with random_states_kept(SEED), torch.set_grad_enabled(parameters is not None or needs_gradients):
            made.result = function(*args, **kwargs)
            if parameters is not None:
                made.gradients = _gradients(made.result, wanted)
    except Exception as error:  # noqa: BLE001 - what either raises is compared, not handled
        made.error = error
    made.arguments = [tensor.detach() for tensor in tensors]
    made.changed = given.changed() if given is not None else ""
    return made


def _gradients(result: Any, wanted: Mapping[str, Tensor]) -> dict[str, Tensor | None]:
    """The gradients of a sum with different weights: those of a plain sum are zero behind a normalisation."""
    totals = [_weighted(t) for t in flatten(result)[0] if t.requires_grad and t.is_floating_point()]
    if not totals or not wanted:
        return dict.fromkeys(wanted)
    found = torch.autograd.grad(torch.stack(totals).sum(), list(wanted.values()), allow_unused=True)
    return dict(zip(wanted, found, strict=True))


def _weighted(tensor: Tensor) -> Tensor:
    weights = torch.arange(1, tensor.numel() + 1, dtype=torch.float32, device=tensor.device).sin()
    return (tensor.reshape(-1).float() * weights).sum()


def words(error: BaseException) -> str:
    """The last line of an error, with its type."""
    lines: Sequence[str] = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1].strip()[:200]}" if lines else type(error).__name__
