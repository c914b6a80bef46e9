"""The trial of a lowered program: nothing counts as lowered before it gave what the module gives.

Both run on copies of the buffers, on the recorded examples and on changed ones, in both training modes: results,
arguments and buffers afterwards, and gradients have to be equal. Where the program raises and the module does not, that
is a limit, which is told; where it gives something else it is refused.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.torchscript.engine import state, thread
from scriptkit.errors import CompilationError
from scriptkit.live.copies import copy_tree
from scriptkit.live.side_by_side import _Run, _run
from scriptkit.live.variations import Example, perturbations, reductions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn

    from scriptkit.compiling.lowering import LoweredModule
    from scriptkit.live.recorded_calls import Call


_EXAMPLE = "the example inputs"
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

    def verdict(self, calls: Sequence[Call], *, trainable: bool) -> Verdict:
        """Evaluation first; what differs in training only leaves the program good for evaluation."""
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

    def _compare(
        self, name: str, call: tuple[Sequence[Any], dict[str, Any]], *, training: bool, gradients: bool = False
    ) -> None:
        parameters = list(self.part.parameters()) if gradients else None
        copy = copy_tree(self.part).train(training)
        expected = _run(copy, call, dict(copy.named_buffers()), parameters)
        if expected.error is not None:
            if name == _EXAMPLE:
                raise _RaisesError(f"the module raises {_words(expected.error)}")
            return
        actual = self._lowered(call, parameters, training=training)
        if actual.error is not None:
            raise _RaisesError(f"{name}: it raises {_words(actual.error)}")
        found = list(expected.differences(actual))
        if found:
            mode = " in training" if training else ""
            raise CompilationError(f"its lowered program differs on {name}{mode}: {found[0].path}: {found[0].what}")

    def _lowered(
        self, call: tuple[Sequence[Any], dict[str, Any]], parameters: Sequence[Tensor] | None, *, training: bool
    ) -> _Run:
        form = self.lowered.form
        kept = state.assignments_undone(form) if self.lowered.parts else nullcontext()
        with kept, _own_buffers(self.lowered, self.part) as buffers, thread.plain_executor():
            form.train(training)
            try:
                return _run(self.lowered.run, call, buffers, parameters)
            finally:
                self.lowered.follow_modes()


class _RaisesError(CompilationError):
    """The program raises where the module does not."""


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1][:160]}" if lines else type(error).__name__


@contextmanager
def _own_buffers(lowered: LoweredModule, part: nn.Module) -> Iterator[dict[str, Tensor]]:
    """For a while the program has copies of all buffers and of tensors in attributes; gives the buffers by name."""
    copies: dict[int, Tensor] = {}
    places = [(cpp, name, holder[key]) for holder, key, cpp, name in lowered.tensor_slots()]
    slots = [place for place in places if not isinstance(place[2], torch.nn.Parameter)]
    try:
        for cpp, name, tensor in slots:
            cpp.setattr(name, copies.setdefault(id(tensor), tensor.detach().clone()))
        yield {name: copies.get(id(buffer), buffer) for name, buffer in part.named_buffers()}
    finally:
        for cpp, name, tensor in slots:
            cpp.setattr(name, tensor)
