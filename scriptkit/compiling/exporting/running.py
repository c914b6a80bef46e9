"""Running a method, or its program, on copies: result, arguments and buffers afterwards, gradients, or the error."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scriptkit import switches
from scriptkit.live import side_by_side
from scriptkit.live.comparison import Difference
from scriptkit.live.containers import Containers
from scriptkit.live.copies import (
    asks_for_gradients,
    buffers_restored,
    copy_tree,
    random_states_kept,
    with_fresh_tensors,
)
from scriptkit.live.undoing import contents_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import Tensor, nn

    from scriptkit.engines.export.programs import MethodProgram

SEED = side_by_side.SEED
CALLS_IN_A_ROW = 3
_COMPARED = ("result", "arguments", "state", "gradients")


@dataclass
class Run:
    """One run, by the one way there is, and what of it a program can be held to.

    `changed` names a list, a dictionary or an object of the caller's that the run changed.
    """

    run: side_by_side.Run
    changed: str = ""

    @property
    def result(self) -> Any:
        """What the call gave."""
        return self.run.result

    @property
    def error(self) -> Exception | None:
        """What it raised."""
        return self.run.error

    @property
    def gradients(self) -> Mapping[str, Tensor | None]:
        """By name, of parameters and tensors among the arguments; none where none were wanted."""
        return self.run.gradients or {}

    def differences(self, other: Run) -> Iterator[Difference]:
        """Where another run went otherwise: both are held to the buffers and the parameters that both have."""
        if self.changed:
            yield Difference(
                f"'{self.changed}' afterwards", "a call changes it, and no program changes what it is given"
            )
        mine, its = (
            replace(
                one.run,
                arguments=one.run.arguments[0],
                state=_common(one.run.state, self.run.state, other.run.state),
                gradients=_common(one.gradients, self.gradients, other.gradients),
            )
            for one in (self, other)
        )
        yield from mine.differences(its, parts=_COMPARED)


def _common(mine: Mapping[str, Any], one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {name: mine[name] for name in sorted(one.keys() & other.keys())}


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
            return _run(bound(copy, self.method), (args, kwargs), copy, gradients=gradients, method=method)

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
        return _run(self.program, (args, kwargs), self.module, gradients=gradients)


def _parameters(module: nn.Module) -> dict[str, Tensor]:
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}


def _buffers(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.named_buffers()}


def _run(
    function: Callable[..., Any],
    call: side_by_side.Given,
    module: nn.Module,
    *,
    gradients: bool,
    method: Callable[..., Any] | None = None,
) -> Run:
    """Run on copies of the arguments; gradients are those of the module's parameters and of the arguments."""
    wanted = _parameters(module) if gradients else None

    def once(*, grad: bool) -> Run:
        given: list[Containers] = []

        def called(*args: Any, **kwargs: Any) -> Any:
            given.extend([] if method is None else [Containers(method, args, kwargs)])
            return function(*args, **kwargs)

        with contents_kept(call):  # an object without tensors is the caller's own
            made = side_by_side.run(called, call, state=lambda: _buffers(module), wanted=wanted, grad=grad, seed=SEED)
            return Run(made, next((changed for one in given if (changed := one.changed())), ""))

    made = once(grad=False)
    is_refused = made.error is not None and not gradients and asks_for_gradients(made.error)
    return once(grad=True) if is_refused else made


def words(error: BaseException) -> str:
    """The last line of an error, with its type."""
    lines: Sequence[str] = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1].strip()[:200]}" if lines else type(error).__name__
