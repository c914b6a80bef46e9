"""A lowered program bound to the Python module it stands for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import log
from scriptkit.compiling.chosen.bound_form import BoundForm, pull_back, written_in
from scriptkit.compiling.chosen.choice import Choice, LoweredChoice
from scriptkit.engines.torchscript.engine.thread import unwritten_from_now
from scriptkit.live import hooks as live_hooks
from scriptkit.live import programs
from scriptkit.watching.dict_versions import Unwritten
from scriptkit.watching.expression import Expression
from scriptkit.watching.just_replaced import JustReplaced
from scriptkit.watching.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from scriptkit.compile_report import ReportRow


_NOTHING = object()  # what no attribute holds: the first call pushes all


def bound_form(module: nn.Module, choice: Choice) -> BoundForm | BoundLowered:
    """What binds a choice to its module."""
    return BoundLowered(module, choice) if isinstance(choice, LoweredChoice) else BoundForm(module, choice)


class BoundLowered:
    """A lowered program: its facts are asked before each call, its tensors and training modes follow."""

    is_for_some_calls = True

    def __init__(self, module: nn.Module, choice: LoweredChoice) -> None:
        self.choice = choice
        self.form = choice.form
        self._lowered = choice.program
        self._question = choice.program.question
        self._tensors, self._modes = Slots(), Slots()
        self._find_tensors()
        self._parts = [BoundForm(module.get_submodule(path), part) for path, part in choice.parts.items()]
        self._hooks: list[tuple[dict[int, Any], dict[int, Any]]] = []
        for part in (part for part in module.modules() if not programs.is_compiled(part)):
            self._modes.add(vars(part), "training")
            self._hooks += [(vars(part)[name], dict(vars(part)[name])) for name in live_hooks.HOOKS]
        self._first = self._first_of_floats()
        self._kind_before = self._kind()
        self._have_tensors_changed = _changed(self._tensors)
        self._have_modes_changed = _changed(self._modes)
        self._lowered.follow_modes()
        self._written = written_in(module, choice)
        self._replaced = JustReplaced()
        self._lock = threading.Lock()

    @property
    def writes_state(self) -> bool:
        """Whether compiled code assigns attributes."""
        return bool(self._written) or any(part.writes_state for part in self._parts)

    def _find_tensors(self) -> None:
        for holder, key, cpp, name in self._lowered.tensor_slots():
            self._tensors.add(holder, key, (cpp, name), seen=None)  # the first call pushes all
        self._kept = {}
        for kept, cpp in self._lowered.kept_slots():
            self._kept[len(self._tensors.holders)] = kept
            self._tensors.add(vars(kept.module), kept.name, (cpp, kept.name), seen=_NOTHING)

    def why_eagerly(self) -> str | None:
        """The reason for which the next call must run as Python."""
        broken = self._broken()
        if broken is not None:
            return (
                "a submodule has hooks, which compiled code would not run"
                if self._has_other_hooks()
                else f"{broken} after compiling"
            )
        found = next((reason for part in self._parts if (reason := part.why_eagerly()) is not None), None)
        if found is not None:
            return found
        if self.choice.eval_only and any(holder["training"] for holder in self._modes.holders):
            return f"compiled for evaluation only: {self.choice.eval_only}"
        return None

    def why_in_no_file(self) -> str | None:
        """The change of the module since it was compiled, for which its form computes something else."""
        outdated = self._broken() is not None or any(part.is_outdated() for part in self._parts)
        return self.why_eagerly() if outdated or self._has_other_hooks() else None

    def is_outdated(self) -> bool:
        """Whether the module changed so that it has to be lowered again; with a new hook it runs as Python."""
        is_changed = self._broken() is not None or any(part.is_outdated() for part in self._parts)
        return is_changed and not self._has_other_hooks()

    def _has_other_hooks(self) -> bool:
        return any(not hooks.items() <= before.items() for hooks, before in self._hooks)

    def _broken(self) -> str | None:
        broken = self._question.broken()
        if broken is None and self._have_tensors_changed():
            places = zip(self._tensors.holders, self._tensors.keys, strict=True)
            gone = (key for number, (holder, key) in enumerate(places) if not self._is_of_kind(number, holder, key))
            broken = next((f"`{key}` changed" for key in gone), None)
        if broken is None and self._kind() != self._kind_before:
            broken = f"the parameters became {self._kind()[0]} on {self._kind()[1]}"
        return broken

    def _is_of_kind(self, number: int, holder: Any, key: str) -> bool:
        """Whether the program can compute with what lies in a place."""
        kept = self._kept.get(number)
        return isinstance(_in(holder, key), torch.Tensor) if kept is None else kept.takes(_in(holder, key))

    def _kind(self) -> tuple[torch.dtype | None, torch.device | None]:
        """Dtype and device of the first tensor: `double()` and `to()` change all of them in place."""
        tensor = _in(*self._first)
        return (tensor.dtype, tensor.device) if isinstance(tensor, torch.Tensor) else (None, None)

    def _first_of_floats(self) -> tuple[dict[str, Any], str]:
        places = zip(self._tensors.holders, self._tensors.keys, strict=True)
        tensors = ((held, key) for held, key in places if isinstance(held[key], torch.Tensor))
        return next(((held, key) for held, key in tensors if held[key].is_floating_point()), ({}, ""))

    def bind(self) -> None:
        """Push tensors that were exchanged, and the training modes."""
        if self._have_tensors_changed():
            with self._lock:
                self._push()
        for part in self._parts:
            part.bind()
        if self._have_modes_changed():
            with self._lock:
                modes = [holder["training"] for holder in self._modes.holders]
                self._lowered.follow_modes()
                self._modes.seen[:] = modes  # last: until then other threads wait here

    def _push(self) -> None:
        """Push what lies there by the time no other thread pushes: what was read before that may have been replaced."""
        slots = self._tensors
        for number, target in enumerate(slots.targets):
            tensor = slots.holders[number][slots.keys[number]]
            before = slots.seen[number]
            if tensor is not before and target is not None:
                self._replaced.keep(before, target[0], others_run=threading.active_count() > 1)
                if before is not None and before is not _NOTHING:
                    name = slots.keys[number]
                    log.bind.debug("%s: `%s` is another tensor now", self.choice.rows[0].class_name, name)
                target[0].setattr(target[1], tensor)
                slots.seen[number] = tensor

    def pull_back(self) -> None:
        """Give the module the buffers that the program replaced; what it writes in place is shared."""
        pull_back(self._written)
        for part in self._parts:
            part.pull_back()

    @property
    def rows(self) -> Sequence[ReportRow]:
        """The rows of the choice, with paths from the module itself."""
        return self.choice.rows_from_here()

    @property
    def eval_only(self) -> str:
        """Why the form holds in evaluation only; empty where it does not."""
        return self.choice.eval_only


def _changed(slots: Slots) -> Callable[[], bool]:
    is_current: Any = Expression(slots).compiled() or _comparing(slots)
    if not all(isinstance(holder, dict) for holder in slots.holders):  # a part that is TorchScript has other holders
        return lambda: not is_current()
    holds = Unwritten(slots.holders, is_current, unwritten_from_now)
    return lambda: not holds()


def _in(holder: Any, key: str) -> Any:
    """What lies there, or None; a part that is TorchScript has holders that know no `get`."""
    return holder[key] if key in holder else None  # noqa: SIM401


def _comparing(slots: Slots) -> Callable[[], bool]:
    return lambda: all(_in(h, k) is s for h, k, s in zip(slots.holders, slots.keys, slots.seen, strict=True))
