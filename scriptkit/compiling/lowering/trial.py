"""The trial of a lowered program: nothing counts as lowered before it gave what the module gives.

Both run on lives of their own, on the recorded examples and on changed ones, in both training modes: results,
arguments, parameters and buffers afterwards, and gradients have to be equal. Where the program raises and the module
does not, that is a limit, which is told; where it gives something else it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.entry import FLAT
from scriptkit.engines.torchscript.engine import errors, thread
from scriptkit.errors import CompilationError
from scriptkit.live import programs
from scriptkit.live.lives import Lives, OwnTensors, life_of
from scriptkit.live.side_by_side import reproduces, run
from scriptkit.live.training_modes import changed_by_switching, in_training_mode
from scriptkit.live.variations import Example, perturbations, reductions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import Tensor, nn

    from scriptkit.compiling.lowering import LoweredModule
    from scriptkit.live.recorded_calls import Call
    from scriptkit.live.side_by_side import Given, Run


_EXAMPLE = "the example inputs"
_COMPARED = ("result", "arguments", "state", "gradients")
_GRADIENTS = "the example inputs with gradients"


@dataclass
class Verdict:
    """What the trial showed: why training is impossible (empty where it is not), and the changes it raises for."""

    eval_only: str = ""
    limits: list[str] = field(default_factory=list)


def try_lowered(lowered: LoweredModule, part: nn.Module, calls: Sequence[Call], *, trainable: bool) -> Verdict:
    """Compare a lowered program with its module; raises `CompilationError` where they differ."""
    return _Trial(lowered, part).verdict(calls, trainable=trainable)


class _Trial:
    def __init__(self, lowered: LoweredModule, part: nn.Module) -> None:
        self.lowered = lowered
        self.part = part
        self.seen = Verdict()
        self._bases: dict[bool, _Base] = {}

    def _base(self, *, training: bool) -> _Base:
        if training not in self._bases:
            self._bases[training] = _Base(self.lowered, self.part, training=training)
        return self._bases[training]

    def verdict(self, calls: Sequence[Call], *, trainable: bool) -> Verdict:
        """Evaluation first; what differs in training only leaves the program good for evaluation.

        Where `train()` changes attributes, the program is one for the mode the module is in.
        """
        switched = changed_by_switching(self.part)
        if switched:
            return self._verdict_on_this_mode(calls, switched)
        for number, call in enumerate(calls):
            self._compare(f"call {number + 1}" if number else _EXAMPLE, (call.args, call.kwargs), training=False)
        self._compare_others(calls[0], training=False)
        if trainable:
            try:
                self._compare(_EXAMPLE, (calls[0].args, calls[0].kwargs), training=True)
                self._compare_others(calls[0], training=True)
            except CompilationError as error:
                self.seen.eval_only = error.headline
        return self.seen

    def _verdict_on_this_mode(self, calls: Sequence[Call], switched: Sequence[str]) -> Verdict:
        training = self.part.training
        for number, call in enumerate(calls):
            self._compare(f"call {number + 1}" if number else _EXAMPLE, (call.args, call.kwargs), training=training)
        self._compare_others(calls[0], training=training)
        other = "evaluation" if training else "training"
        names = ", ".join(f"`{name}`" for name in switched)
        self.seen.limits.append(f"{other} is another program: it changes {names}")
        return self.seen

    def _compare_others(self, call: Call, *, training: bool) -> None:
        """The same call with gradients, then other values and sizes."""
        try:
            self._compare(_GRADIENTS, (call.args, call.kwargs), training=training, gradients=True)
        except _RaisesError as error:
            self.seen.eval_only = error.headline
        example = Example.of(call.args, call.kwargs)
        changes = [*reductions(example)] if example.is_large else []
        for change in [*changes, *perturbations(example, large=example.is_large)]:
            try:
                self._compare(change.name, (change.args, change.kwargs), training=training)
            except _RaisesError as error:
                if error.headline not in self.seen.limits:
                    self.seen.limits.append(error.headline)

    def _compare(self, name: str, call: Given, *, training: bool, gradients: bool = False) -> None:
        made = self._base(training=training)
        expected = made.eager(call, gradients=gradients)
        if expected.error is not None:
            if name == _EXAMPLE:
                raise _RaisesError(f"the module raises {_words(expected.error)}")
            return
        actual = made.program(call, gradients=gradients)
        if actual.error is not None:
            raise _RaisesError(f"{name}: it raises {_words(actual.error)}")
        found = list(expected.differences(actual, parts=_COMPARED))
        is_given = name == _GRADIENTS or name.startswith((_EXAMPLE, "call "))
        if found and (is_given or reproduces(partial(made.eager, call, gradients=gradients), expected)):
            mode = " in training" if training else ""
            raise CompilationError(f"its lowered program differs on {name}{mode}: {found[0].path}: {found[0].what}")


class _Base:
    """The module in a training mode, from which both begin: `train()` may write, merge and freeze, and runs once."""

    def __init__(self, lowered: LoweredModule, part: nn.Module, *, training: bool) -> None:
        self.lowered = lowered
        self.tensors = OwnTensors()
        self.module = in_training_mode(life_of(part, self.tensors), training=training)
        self.parameters = dict(part.named_parameters())
        self.buffers = dict(part.named_buffers())
        self._lives = Lives(self.module)

    def eager(self, call: Given, *, gradients: bool) -> Run:
        """Run the module."""
        life = self._lives.next()
        own = self._lives.tensors
        return run(life, call, state=self._state(own), wanted=self._named(own, self.parameters) if gradients else None)

    def program(self, call: Given, *, gradients: bool) -> Run:
        """Run the program, on the same tensors and training modes."""
        own = OwnTensors()
        form = programs.with_own_state(self.lowered.form, lambda tensor: own.of(self.tensors.of(tensor)))
        self._follow_modes(form)
        wanted = self._named(own, self.parameters) if gradients else None
        with thread.plain_executor():
            flat: Any = getattr(form, FLAT)
            return run(partial(self.lowered.run_on, flat), call, state=self._state(own), wanted=wanted)

    def _follow_modes(self, form: torch.jit.ScriptModule) -> None:
        """Give each part the training mode that `train()` gave the module's."""
        form.train(self.module.training)
        made = dict(form.named_modules())
        for path, part in self.module.named_modules(remove_duplicate=False):
            if path in made and part.training != made[path].training:
                made[path].training = part.training

    def _named(self, own: OwnTensors, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: own.of(self.tensors.of(tensor)) for name, tensor in tensors.items()}

    def _state(self, own: OwnTensors) -> Callable[[], dict[str, Tensor]]:
        return lambda: self._named(own, {**self.parameters, **self.buffers})


class _RaisesError(CompilationError):
    """The program raises where the module does not."""


def _words(error: Exception) -> str:
    limit = errors.refused(error)
    if limit is not None:
        return limit
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1][:160]}" if lines else type(error).__name__
