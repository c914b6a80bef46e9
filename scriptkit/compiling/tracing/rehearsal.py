"""A trace and the module it was made of, run side by side on the same inputs from the same random state."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.boundary.flat_call import Adapter
from scriptkit.compiling.tracing.hazards import CAUGHT, at_places
from scriptkit.compiling.tracing.probe import Log, Probe, WatchedDict
from scriptkit.engines.torchscript.engine import errors, making, state, thread
from scriptkit.errors import TraceHazardError
from scriptkit.live import programs
from scriptkit.live.comparison import compare
from scriptkit.live.copies import buffers_restored, converted, copy_tree, random_states_kept, with_fresh_tensors
from scriptkit.live.nested import build, flatten, merge

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from torch import Tensor, nn

    from scriptkit.live.comparison import Difference, Tolerance
    from scriptkit.live.nested import Structure
    from scriptkit.live.variations import Example, Perturbation

TRACING_SEED = 2718


@dataclass
class Recorded:
    """A trace, what the probe saw while it was made, and the shape of its result."""

    run: Any
    log: Log
    output: Structure
    watched: list[int] = field(default_factory=list)

    def __call__(self, tensors: Sequence[Tensor]) -> Any:
        """The result as the module would give it; the values of watched checks are left out."""
        found = self.run(*tensors)
        return build(self.output, found)

    def disagreeing(self, tensors: Sequence[Tensor]) -> set[int]:
        """The numbers of the escapes whose value is another one for these inputs; only for a watching trace."""
        agreed = self.run(*tensors)[-1].tolist()
        return {number for number, same in zip(self.watched, agreed, strict=True) if not same}


def record(
    module: nn.Module,
    example: Example,
    *,
    unchecked: Collection[int] = (),
    watching: bool = False,
    expected: Structure | None = None,
) -> Recorded:
    """Trace a copy of a module. A watching trace does not raise where a check fails, it returns which checks fail."""
    recorder = making.Watcher() if watching else making.Recorder()
    probe = Probe(recorder, unchecked)
    copy = copy_tree(module)
    adapter = Adapter(copy, example.structure, WatchedDict.over(probe.log))
    adapter.extra = lambda: _unless_caught(module, probe.log, recorder.results())
    inputs = with_fresh_tensors(example.tensors)
    names = [f"input_{number}" for number in range(len(inputs))]
    with random_states_kept(TRACING_SEED), buffers_restored(copy.buffers()), torch.enable_grad(), probe:
        run = making.trace(adapter, inputs, names)
    assert adapter.output is not None  # noqa: S101
    output = adapter.output if expected is None else merge(expected, adapter.output)
    return Recorded(run, probe.log, output, [number for number, _ in recorder.put])


def _unless_caught(module: nn.Module, log: Log, results: list[Tensor]) -> list[Tensor]:
    """The further results, unless the module caught an error of an operator: torch ends the process at such a graph."""
    if log.failed:
        headline = f"a trace of {type(module).__name__} would bake in whether an operator fails"
        raise TraceHazardError(headline, [hazard.diagnostic() for hazard in at_places(CAUGHT, log.failed, "")])
    return results


@dataclass(frozen=True)
class Outcome:
    """How one comparison went: eager code refused the inputs, or the results are equal, or they differ."""

    refused: bool = False
    differences: tuple[Difference, ...] = ()
    error: BaseException | None = None

    @property
    def agrees(self) -> bool:
        """True where both ran and gave the same."""
        return not self.refused and not self.differences and self.error is None

    @property
    def failed_check(self) -> str | None:
        """Which check of the trace stopped it."""
        return None if self.error is None or self.refused else errors.failed_check(self.error)

    @property
    def text(self) -> str:
        """What went otherwise, in a few words."""
        if self.error is not None:
            return f"the trace raises {type(self.error).__name__}"
        return "; ".join(f"{d.path}: {d.what}" for d in self.differences)


class Rehearsal:
    """Compares a module with its trace, input by input, and puts buffers back after each comparison."""

    def __init__(self, module: nn.Module, tolerance: Tolerance | None = None) -> None:
        self._module = module
        self._tolerance = tolerance
        self._eager = copy_tree(module)
        self.keeps_state = False

    def eager(self, args: Sequence[Any], kwargs: dict[str, Any], seed: int) -> Any:
        """What the module itself gives, with whether it wrote anything noticed."""
        before = _attributes(self._eager)
        with random_states_kept(seed):
            result = self._eager(*args, **kwargs)
        self.keeps_state = self.keeps_state or before != _attributes(self._eager)
        return result

    def compare(self, recorded: Recorded, change: Perturbation, seed: int = 1, *, in_turn: bool = False) -> Outcome:
        """Run both on the same inputs; `in_turn` leaves the state both wrote for the next comparison."""
        own_args, own_kwargs = with_fresh_tensors((change.args, change.kwargs))
        with nullcontext() if in_turn else self._state_restored(recorded), thread.plain_executor(), torch.no_grad():
            try:
                expected = self.eager(own_args, own_kwargs, seed)
            except Exception as error:  # noqa: BLE001  # whatever eager code refuses says nothing of the trace
                return Outcome(refused=True, error=error)
            return self._traced(recorded, change, (own_args, own_kwargs), expected, seed)

    def is_random(self, change: Perturbation) -> bool:
        """Whether the module itself gives other results for the same inputs from the same random state."""
        first, second = (copy_tree(self._module) for _ in range(2))
        results = []
        for copy in (first, second):
            args, kwargs = with_fresh_tensors((change.args, change.kwargs))
            with random_states_kept(TRACING_SEED), torch.no_grad():
                results.append(copy(*args, **kwargs))
        return bool(compare(*results))

    def _traced(self, recorded: Recorded, change: Perturbation, own: Any, expected: Any, seed: int) -> Outcome:
        recorded.output = merge(flatten(expected)[1], recorded.output)
        tensors = [t.clone() for t in change.example.tensors]
        try:
            with random_states_kept(seed):
                actual = recorded(tensors)
        except Exception as error:  # noqa: BLE001  # any error of the trace is a difference
            return Outcome(error=error)
        found = compare(expected, actual, self._tolerance)
        found += compare(flatten(own)[0], tensors, self._tolerance, "arguments afterwards")
        return Outcome(differences=tuple(found))

    @contextmanager
    def _state_restored(self, recorded: Recorded) -> Iterator[None]:
        with buffers_restored([*self._eager.buffers(), *recorded.run.buffers()]):
            yield
        if self.keeps_state:
            self.renew()

    def renew(self) -> None:
        """Start again from the module as the user has it."""
        self._eager = copy_tree(self._module)

    def converted(self, recorded: Recorded, change: Perturbation, move: Callable[[Tensor], Tensor]) -> Outcome:
        """Compare both after the same conversion of parameters, buffers and inputs: another dtype, another device."""
        kept, self._eager = self._eager, converted(self._module, move)
        try:
            with state.exchanged(recorded.run, move):
                return self.compare(recorded, change, in_turn=True)
        finally:
            self._eager = kept

    def gradients(self, recorded: Recorded, example: Example) -> Outcome:
        """Compare the gradients of inputs and parameters for the sum of all outputs."""
        ours = self._gradients_of(self._eager_flat(example), example)
        theirs = self._gradients_of(recorded.run, example)
        return Outcome(differences=tuple(compare(ours, theirs, self._tolerance, "gradients")))

    def is_attached_otherwise(self, recorded: Recorded, example: Example) -> bool:
        """Whether gradients flow through other results than those of the module, or inference mode made others."""
        with self._state_restored(recorded):
            return _attached(self._eager_flat(example), example) != _attached(lambda *t: recorded(t), example)

    def _eager_flat(self, example: Example) -> Callable[..., list[Tensor]]:
        def run(*tensors: Tensor) -> list[Tensor]:
            args, kwargs = build(example.structure, tensors)
            return flatten(self._eager(*args, **kwargs))[0]

        return run

    def _gradients_of(self, run: Callable[..., Any], example: Example) -> list[Tensor | None]:
        inputs = [t.detach().clone().requires_grad_(t.is_floating_point()) for t in example.tensors]
        wanted = [t for t in (*inputs, *self._module.parameters()) if t.requires_grad]
        with random_states_kept(1), torch.enable_grad(), thread.plain_executor():
            total = [t.sum() for t in run(*inputs) if t.requires_grad and t.is_floating_point()]
            if not total or not wanted:
                return [None] * len(wanted)
            return list(torch.autograd.grad(torch.stack([t.float() for t in total]).sum(), wanted, allow_unused=True))


def _attached(run: Callable[..., Any], example: Example) -> list[tuple[bool, bool]]:
    """For each result, whether it requires a gradient, and whether it was made in inference mode."""
    inputs = [t.detach().clone() for t in example.tensors]
    with random_states_kept(1), torch.enable_grad(), thread.plain_executor():
        return [(t.requires_grad, t.is_inference()) for t in flatten(run(*inputs))[0]]


def _attributes(module: nn.Module) -> list[tuple[str, int | str]]:
    """A fingerprint of the plain attributes of a tree: what `forward` rebinds or counts shows in it."""
    found: list[tuple[str, int | str]] = []
    for part in module.modules():
        if not programs.is_compiled(part):
            for name, value in (*part.__dict__.items(), *part._buffers.items()):
                if name not in _BOOKKEEPING:
                    found.append((name, _fingerprint(value)))
    return found


_BOOKKEEPING = {"_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks"}


def _fingerprint(value: Any) -> int | str:
    if isinstance(value, (bool, int, float, str)):
        return repr(value)
    return hash((id(value), len(value))) if isinstance(value, (list, dict, set)) else id(value)
