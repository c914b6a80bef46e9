"""A trace and the module it was made of, run side by side on the same inputs from the same random state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import torch

from scriptkit.compiling.boundary.flat_call import Adapter
from scriptkit.compiling.tracing.hazards import CAUGHT, at_places
from scriptkit.compiling.tracing.probe import Log, Probe, WatchedDict
from scriptkit.engines.torchscript.engine import errors, making, state, thread
from scriptkit.errors import TraceHazardError
from scriptkit.live.comparison import compare
from scriptkit.live.containers import Containers
from scriptkit.live.copies import converted, random_states_kept, with_fresh_tensors
from scriptkit.live.lives import Lives, life_of
from scriptkit.live.nested import build, flatten, merge
from scriptkit.live.places import is_project_code, whole_line
from scriptkit.live.side_by_side import run
from scriptkit.live.undoing import contents_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from torch import Tensor, nn

    from scriptkit.live.comparison import Difference, Tolerance
    from scriptkit.live.nested import Structure
    from scriptkit.live.places import Place
    from scriptkit.live.variations import Example, Perturbation

TRACING_SEED = 2718


def change_of_argument(module: nn.Module, example: Example) -> tuple[str, Place | None] | None:
    """Which list, dictionary or object of its caller a call changes, and at which line; None where it changes none."""
    args, kwargs = build(example.structure, list(with_fresh_tensors(example.tensors)))
    given = Containers(module.forward, args, kwargs)
    if not given:
        return None
    with contents_kept((args, kwargs)):
        name = given.changed() if _runs(module, args, kwargs) else ""
    if not name:
        return None
    args, kwargs = build(example.structure, list(with_fresh_tensors(example.tensors)))
    given = Containers(module.forward, args, kwargs)
    with contents_kept((args, kwargs)), given.watched(is_project_code) as found:
        _runs(module, args, kwargs)
    return name, whole_line(*found[0]) if found else None


def _runs(module: nn.Module, args: Any, kwargs: Any) -> bool:
    """Whether a life of the module takes a call; what it raises is told elsewhere."""
    with random_states_kept(TRACING_SEED), torch.no_grad(), suppress(Exception):
        life_of(module)(*args, **kwargs)
        return True
    return False


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

    def of(self, life: Any) -> Recorded:
        """The same trace over another state."""
        return Recorded(life, self.log, self.output, self.watched)

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
    adapter = Adapter(life_of(module), example.structure, WatchedDict.over(probe.log))
    adapter.extra = lambda: _unless_caught(module, probe.log, recorder.results())
    inputs = with_fresh_tensors(example.tensors)
    names = [f"input_{number}" for number in range(len(inputs))]
    with random_states_kept(TRACING_SEED), torch.enable_grad(), probe:
        run = making.trace(adapter, inputs, names)
    state.adopt(run.inner, module)  # the life it was made from has seen one call already
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
    """Compares a module with its trace, input by input; each begins every comparison in the state the module has."""

    def __init__(self, module: nn.Module, tolerance: Tolerance | None = None) -> None:
        self._module = module
        self._tolerance = tolerance
        self._lives = Lives(module)
        self._traces: dict[int, tuple[Recorded, Lives]] = {}
        self.keeps_state = False

    def _traced_lives(self, recorded: Recorded) -> Lives:
        """Lives of one trace, which is held as long as they are."""
        found = self._traces.get(id(recorded))
        if found is None:
            found = self._traces[id(recorded)] = recorded, Lives(recorded.run)
        return found[1]

    def compare(self, recorded: Recorded, change: Perturbation, seed: int = 1, *, in_turn: bool = False) -> Outcome:
        """Run both on the same inputs; `in_turn` goes on from the state the comparison before left."""
        eager, traced = self._lives, self._traced_lives(recorded)
        ours, theirs = (eager.same(), traced.same()) if in_turn else (eager.next(), traced.next())
        own_args, own_kwargs = with_fresh_tensors((change.args, change.kwargs))
        with thread.plain_executor(), torch.no_grad():
            try:
                with random_states_kept(seed):
                    expected = ours(*own_args, **own_kwargs)
            except Exception as error:  # noqa: BLE001  # whatever eager code refuses says nothing of the trace
                return Outcome(refused=True, error=error)
            self.keeps_state = self.keeps_state or eager.has_changed_attributes()
            return self._traced(recorded, theirs, change, (own_args, own_kwargs), expected, seed)

    def is_random(self, change: Perturbation) -> bool:
        """Whether the module itself gives other results for the same inputs from the same random state."""
        results = []
        for _ in range(2):
            args, kwargs = with_fresh_tensors((change.args, change.kwargs))
            with random_states_kept(TRACING_SEED), torch.no_grad():
                results.append(with_fresh_tensors(life_of(self._module)(*args, **kwargs)))
        return bool(compare(*results))

    def _traced(
        self, recorded: Recorded, life: Any, change: Perturbation, own: Any, expected: Any, seed: int
    ) -> Outcome:
        recorded.output = merge(flatten(expected)[1], recorded.output)
        tensors = [t.clone() for t in change.example.tensors]
        try:
            with random_states_kept(seed):
                actual = recorded.of(life)(tensors)
        except Exception as error:  # noqa: BLE001  # any error of the trace is a difference
            return Outcome(error=error)
        found = compare(expected, actual, self._tolerance)
        found += compare(flatten(own)[0], tensors, self._tolerance, "arguments afterwards")
        found += compare(*self._states(recorded), self._tolerance, "state afterwards")
        return Outcome(differences=tuple(found))

    def _states(self, recorded: Recorded) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Parameters and buffers after a run of both, as far as the trace has them."""
        ours, theirs = self._lives.tensors.made, self._traced_lives(recorded).tensors.made
        named = [(*self._module.named_parameters(), *self._module.named_buffers())]
        both = {name: id(tensor) for pairs in named for name, tensor in pairs if id(tensor) in ours}
        both = {name: key for name, key in both.items() if key in theirs}
        return {name: ours[key] for name, key in both.items()}, {name: theirs[key] for name, key in both.items()}

    def renew(self) -> None:
        """Start again from the module as the user has it."""
        self._lives, self._traces = Lives(self._module), {}

    def converted(self, recorded: Recorded, change: Perturbation, move: Callable[[Tensor], Tensor]) -> Outcome:
        """Compare both after the same conversion of parameters, buffers and inputs: another dtype, another device."""
        kept = self._lives, self._traces
        self._lives, self._traces = Lives(converted(self._module, move)), {}
        try:
            with state.exchanged(recorded.run, move):
                return self.compare(recorded, change)
        finally:
            self._lives, self._traces = kept

    def gradients(self, recorded: Recorded, example: Example) -> Outcome:
        """Compare the gradients of inputs and parameters for a weighted sum of all outputs."""
        lives = self._traced_lives(recorded)
        ours = self._gradients_of(self._eager_flat(example), self._lives, example)
        theirs = self._gradients_of(cast("Callable[..., Any]", lives.next()), lives, example)
        return Outcome(differences=tuple(compare(ours, theirs, self._tolerance, "gradients")))

    def is_attached_otherwise(self, recorded: Recorded, example: Example) -> bool:
        """Whether gradients flow through other results than those of the module, or inference mode made others."""
        traced = recorded.of(self._traced_lives(recorded).next())
        return _attached(self._eager_flat(example), example) != _attached(lambda *t: traced(t), example)

    def _eager_flat(self, example: Example) -> Callable[..., list[Tensor]]:
        life = self._lives.next()

        def flat(*tensors: Tensor) -> list[Tensor]:
            args, kwargs = build(example.structure, tensors)
            return flatten(life(*args, **kwargs))[0]

        return flat

    def _gradients_of(self, flat: Callable[..., Any], lives: Lives, example: Example) -> Any:
        wanted = {name: lives.tensors.of(tensor) for name, tensor in self._module.named_parameters()}
        with thread.plain_executor():
            made = run(flat, (example.tensors, {}), wanted=wanted, seed=1)
        if made.error is not None:
            raise made.error
        return made.gradients


def _attached(run: Callable[..., Any], example: Example) -> list[tuple[bool, bool]]:
    """For each result, whether it requires a gradient, and whether it was made in inference mode."""
    inputs = [t.detach().clone() for t in example.tensors]
    with random_states_kept(1), torch.enable_grad(), thread.plain_executor():
        return [(t.requires_grad, t.is_inference()) for t in flatten(run(*inputs))[0]]
