"""The C++ twin of a live module tree: bound before each call to what Python holds, pulled back after it.

Python owns the state. The twin knows every place of the tree that compiled code reads (a *slot*), what lay there at the
last call, and what the code was made from; a call compares identities (47 ns per slot) and pushes what changed.
"""

from __future__ import annotations

import sys
import threading
from operator import getitem, is_
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from torch.nn.utils import parametrize

from scriptkit import log
from scriptkit.engines.torchscript.lifting.ignoring import owners
from scriptkit.engines.torchscript.programs.graph_facts import containers_kept
from scriptkit.engines.torchscript.torch_names import patched, private
from scriptkit.engines.torchscript.torch_names.private import LOCK
from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.engines.torchscript.twin.method_facts import MethodFacts
from scriptkit.engines.torchscript.twin.mirror import Mirror
from scriptkit.engines.torchscript.twin.overrides import Overrides
from scriptkit.engines.torchscript.twin.parametrized import Parametrized, parametrized_in
from scriptkit.engines.torchscript.twin.question import Question
from scriptkit.engines.torchscript.twin.shared_containers import kept_twice, paths_of, shared_now
from scriptkit.engines.torchscript.twin.tensor_subclasses import acts_for_itself, first_among
from scriptkit.engines.torchscript.twin.watched_code import WatchedCode
from scriptkit.engines.torchscript.types.shadow import class_of
from scriptkit.live import hooks
from scriptkit.live.copies import random_states_kept
from scriptkit.live.lives import life_of
from scriptkit.watching.containers import is_unchanged, snapshot, update_in_place
from scriptkit.watching.just_replaced import JustReplaced
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scriptkit.engines.torchscript.types.compiler import CompiledTree
    from scriptkit.watching.slots import Container

_RELEASED: Final = object()
_FUNCTIONAL_CALL: Final = look_up("a call with other tensors").__code__


class Twin:
    """A C++ module for a live tree. `bind` says whether it mirrors the tree; if not, a new twin is needed."""

    def __init__(self, module: torch.nn.Module, tree: CompiledTree, *, is_complete: bool = False) -> None:
        """With `is_complete`, attributes that no compiled code reads are there too, as in a file."""
        mirror = Mirror(module, tree, is_complete=is_complete)
        self.tree = tree
        self.root, self.cpp, self.modules, self.parts = mirror.root, mirror.cpp, mirror.modules, mirror.parts
        self._slots, self._containers, self._sized = mirror.slots, mirror.containers, mirror.sized
        self._inner_hooks, self._names = mirror.inner_hooks, mirror.names
        self.facts = MethodFacts(class_of(module), tree, self.root)
        self.hooks: list[dict[int, Any]] = [*hooks.global_hooks(), *(module.__dict__[name] for name in hooks.HOOKS)]
        self._lock = threading.RLock()
        self.in_flight: list[None] = []
        self._replaced = JustReplaced()
        self.provisional: dict[int, Any] = {}
        """Tensors bound that may have come for one call only, by slot."""
        self._released: dict[int, int] = {}
        shadow = tree.shadow
        self._candidates = [(m, name, self.cpp[id(m)]) for m, name in shadow.parametrized]
        for parametrized_module, _ in shadow.parametrized:
            self._slots.add(parametrized_module._modules, "parametrizations")
        self._parametrized: dict[str, Parametrized] = {}
        self._always_forgets = any(_is_sharded(m) for m, _, _ in self.modules)
        if self._always_forgets or _is_in_functional_call():
            self._forget_all()
        self.overrides = Overrides([m for m, _, _ in self.modules], shadow)
        for holder, name in patched.called(self._names):
            self._slots.add(holder, name)
        self._code = WatchedCode(tree, [(m, t) for m, _, t in self.modules], self._slots)
        backwards = (name for d in tree.dependencies() for name in d.backwards)
        self._own_backward = next(backwards, None)
        self._acting_tensors = any(map(acts_for_itself, self._slots.seen))
        self._pulled = mirror.written()
        self._paths = paths_of(module, self.cpp)
        self._own_modules_with_ignored_methods()
        self._reason_for_eager = self._find_reason_for_eager()
        self.hooks += self._inner_hooks
        self.writes_state = bool(self._pulled)
        self.has_parametrized = bool(self._candidates)
        self.has_parts_for_some_calls = any(part.is_for_some_calls for part in self.parts)
        self.needs_thought = (
            self._reason_for_eager is not None
            or self.has_parametrized
            or self.facts.argument_changed_in_place("forward") is not None
            or self.facts.enters_autocast("forward")
            or bool(self.facts.float_parameters("forward"))
            or self._own_backward is not None
            or bool(self.parts)
            or self._acting_tensors
        )
        self._question = Question(self._slots, self._code, self.overrides, self._sized, self.hooks)
        self.is_current = _never if self._has_more_to_bind() else self._question.in_a_loop()

    def quick_check(self) -> Callable[[], bool]:
        """Whether nothing changed and no hook is there, in a way that pays when it is asked again and again."""
        if self._has_more_to_bind():
            return _never
        return self._question.quickly(self._written_by_nobody())

    def _written_by_nobody(self) -> Iterator[dict[str, Any]]:
        """The dictionaries of the tree's modules, but those that compiled code writes."""
        pulled = {(id(module), name) for module, name, _ in self._pulled}
        for module, _, _ in self.modules:
            for holder in (module.__dict__, module._parameters, module._buffers, module._modules):
                if not any((id(module), name) in pulled for name in holder):
                    yield holder

    def _has_more_to_bind(self) -> bool:
        """Some trees have more to bind than a comparison shows."""
        return bool(self._code.cells or self._containers or self._always_forgets)

    def _own_modules_with_ignored_methods(self) -> None:
        for module, cpp, _ in self.modules:
            lifted = self.tree.shadow.lifted.get(class_of(module))
            if lifted is not None and lifted.has_ignored_methods:
                owners.enter(cpp, module, self)

    def _find_reason_for_eager(self) -> str | None:
        """What no twin of this tree can ever represent."""
        autocast = self.facts.decorated_with_autocast()
        if autocast is not None:
            return autocast
        for module, _, _ in self.modules:
            if private.was_replaced(type(module)):
                return f"`{type(module).__name__}.forward` was replaced"
        replaced = patched.first_patched(self._names)
        if replaced is not None:
            return f"`{replaced}` was replaced, and compiled code calls the operator behind it"
        return self._kept_twice()

    def _kept_twice(self) -> str | None:
        """Why compiled code would make two of a container that Python keeps once: it stores it at a second place."""
        if not self._containers or not self._pulled:
            return None
        graphs = (self.root._get_method(name).inlined_graph for name in self.root._method_names())
        return kept_twice(map(containers_kept, graphs))

    def container_of_two(self) -> str | None:
        """The same for what a file holds: nothing of Python can stand in for it there."""
        return self._kept_twice() or self.shared_container()

    def shared_container(self) -> str | None:
        """Why the twin cannot represent the tree as it is now: a container has two owners."""
        if len(self._containers) == 0 or not self._pulled:
            return None
        written = {(id(cpp), name) for _, name, cpp in self._pulled}
        return shared_now(self._containers, written, self._paths)

    def backward_of_its_own(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why a call must run as Python: it is differentiated, and Python has another backward there."""
        if self._own_backward is None or not torch.is_grad_enabled():
            return None
        tensors = (value for value in (*args, *kwargs.values(), *self._held()) if isinstance(value, torch.Tensor))
        if not any(tensor.requires_grad for tensor in tensors):
            return None
        return f"`{self._own_backward}` has a backward of its own, and compiled code would have another one"

    def _is_still_parametrized(self) -> bool:
        return all(parametrize.is_parametrized(module, name) for module, name, _ in self._candidates)

    def parametrized(self, name: str) -> Parametrized:
        """The parametrized tensors that a method of the root reads."""
        known = self._parametrized.get(name)
        if not self.root._has_method(name):
            return Parametrized()  # it was patched away when the twin was made
        if known is None:
            graph = self.root._get_method(name).inlined_graph
            known = self._parametrized[name] = parametrized_in(self.modules[0][0], self._candidates, graph)
        return known

    def fix_parametrized(self) -> None:
        """Give every parametrized tensor its present value for good, as a file needs it; computed on a life."""
        lives = {id(module): life_of(module) for module, _, _ in self._candidates}
        with torch.no_grad(), random_states_kept():
            for module, name, cpp in self._candidates:
                cpp.setattr(name, getattr(lives[id(module)], name).detach())

    # ----------------------------------------------------------------- calling

    def reason_for_eager(self, name: str = "forward") -> str | None:
        """Why the twin cannot represent the next call of a method."""
        for part in self.parts:
            reason = part.why_eagerly()
            if reason is not None:
                return reason
        if any(self._inner_hooks):
            return "a submodule has hooks, which compiled code would not run"
        special = self.overrides.first() or (self._acting_tensors and first_among(self._held()))
        if special:
            return special
        if self.facts.enters_autocast(name):
            return f"`{name}` switches autocast on, and compiled code follows other dtype rules"
        changed = self.facts.argument_changed_in_place(name)
        if changed is not None:
            return f"it changes its argument `{changed}` in place, and compiled code gets a copy of it"
        if self._candidates and self._is_still_parametrized() and self.parametrized(name).needs_python:
            return "a parametrization with a state is not read exactly once"
        return self._reason_for_eager or self.shared_container()

    def _held(self) -> Iterator[Any]:
        return (holder.get(key) for holder, key in zip(self._slots.holders, self._slots.keys, strict=True))

    def method(self, name: str) -> Callable[..., Any]:
        """A compiled method of the root."""
        with LOCK:
            method: Callable[..., Any] = private.method_of(self.root, name)
        return method

    def enter(self) -> bool:
        """Bind for one call; each one that returns True is followed by `in_flight.pop()` and `leave()`."""
        self.in_flight.append(None)
        is_bound = False
        try:
            is_bound = (self.is_current() and not private.swaps_parameters()) or self.bind()
            for part in self.parts:
                part.bind()
        finally:
            if not is_bound:
                self.in_flight.pop()
        return is_bound

    @property
    def calls_python(self) -> bool:
        """Whether compiled code calls methods that stay in Python."""
        return any(lifted.has_ignored_methods for lifted in self.tree.shadow.lifted.values())

    def leave(self) -> None:
        """After a call: pull back what it wrote, and let go of what was bound for it alone."""
        try:
            if self._pulled:
                self.pull_back()
            for part in self.parts:
                part.pull_back()
        finally:
            if self.provisional:
                self._release()

    def bind(self) -> bool:
        """Make the twin mirror the tree; False when its structure or its code is another."""
        if private.swaps_parameters():
            self._forget_all()
        slots = self._slots
        try:
            now = list(map(getitem, slots.holders, slots.keys))
        except (KeyError, AttributeError):
            return self._needs_another("an attribute or a submodule is gone")
        if not all(map(is_, now, slots.seen)):
            if log.is_heard(log.bind):
                self._tell_changes(now)
            if not self._push():
                return self._needs_another("what is there now has another type, or is part of its code")
        if not self._question.sizes_hold():
            return self._needs_another("something was added or taken out")
        if not self._code_is_unchanged() or self.overrides.any():
            return self._needs_another("its code, or a value its code was made with, is another")
        for container in self._containers:
            self._push_container(container)
        return True

    def _tell_changes(self, now: list[Any]) -> None:
        root, slots = self.modules[0][0], self._slots
        paths = {
            id(holder): path
            for path, module in root.named_modules()
            for holder in (module.__dict__, module._parameters, module._buffers, module._modules)
        }
        for holder, key, value, before in zip(slots.holders, slots.keys, now, slots.seen, strict=True):
            if value is not before and before is not _RELEASED:
                name = ".".join(filter(None, (paths.get(id(holder)), str(key))))
                log.bind.debug("%s: `%s` is another object now", type(root).__name__, name)

    def _needs_another(self, reason: str) -> bool:
        log.bind.debug("%s: this twin mirrors it no more: %s", type(self.modules[0][0]).__name__, reason)
        return False

    def _code_is_unchanged(self) -> bool:
        try:
            return self._code.is_unchanged()
        except AttributeError:
            return False

    def _push(self) -> bool:
        """Push what lies there by the time no other thread pushes: what was read before that may have been replaced."""
        with self._lock:
            slots = self._slots
            forget: bool | None = None
            try:
                now = list(map(getitem, slots.holders, slots.keys))
            except (KeyError, AttributeError):
                return False
            for index, (value, before) in enumerate(zip(now, slots.seen, strict=True)):
                if value is before:
                    continue
                target = slots.targets[index]
                if target is None:
                    if not is_same(value, before):
                        return False
                elif not (slots.take_any_type[index] or _fits(value, before)):
                    return False
                else:
                    cpp, name = target
                    self._replaced.keep(before, cpp, others_run=len(self.in_flight) > 1)
                    try:
                        cpp.setattr(name, value)
                    except RuntimeError:
                        return False
                    if isinstance(value, torch.Tensor):
                        if acts_for_itself(value):
                            return False
                        if forget is None:
                            forget = self._always_forgets or _is_in_functional_call()
                        self._keep_for_now(index, value, forget=forget)
                slots.seen[index] = value
        return True

    def _keep_for_now(self, index: int, value: Any, *, forget: bool) -> None:
        """A tensor that is new at this call may be gone after it; one that was there before the call is to stay."""
        known = self._released.pop(index, None)
        if forget or known != id(value):
            self.provisional[index] = value

    def _forget_all(self) -> None:
        """The very first call has tensors of its own."""
        for index, target in enumerate(self._slots.targets):
            if target is not None and isinstance(self._slots.seen[index], torch.Tensor):
                self.provisional[index] = self._slots.seen[index]

    def _release(self) -> None:
        """Let go of tensors bound for one call, unless another thread is still computing with them."""
        with self._lock:
            provisional, self.provisional = self.provisional, {}
            seen = self._slots.seen
            for index in provisional:
                seen[index] = _RELEASED
            self._question.look_again()
            if self.in_flight:
                self.provisional.update(provisional)
                return
            for index, value in provisional.items():
                cpp, name = cast("tuple[Any, str]", self._slots.targets[index])
                self._released[index] = id(value)  # a weak reference would stop `torch.utils.swap_tensors`
                cpp.setattr(name, torch.empty(0))

    def _push_container(self, container: Container) -> None:
        value = private.attribute_value(container.holder[container.key])
        if not is_unchanged(value, container.before):
            with self._lock:
                value = private.attribute_value(container.holder[container.key])  # another thread may have been first
                self._replaced.keep(None, container.target, others_run=len(self.in_flight) > 1)
                container.target.setattr(container.key, value)
                container.before = snapshot(value)

    def pull_back(self) -> None:
        """Copy every attribute that compiled code may have written to its Python object."""
        with self._lock:
            for module, name, cpp in self._pulled:
                value = cpp.getattr(name)
                if name in module._buffers:
                    module._buffers[name] = value
                elif name in module._parameters:
                    module._parameters[name] = value
                else:
                    module.__dict__[name] = update_in_place(module.__dict__.get(name), value)
            slots = self._slots
            for index in self._pulled_slots():
                slots.seen[index] = slots.holders[index][slots.keys[index]]
            for container in self._containers:
                container.before = snapshot(private.attribute_value(container.holder[container.key]))

    def _pulled_slots(self) -> list[int]:
        if not hasattr(self, "_pulled_indices"):
            places = {(id(cpp), name) for _, name, cpp in self._pulled}
            self._pulled_indices = [
                index
                for index, target in enumerate(self._slots.targets)
                if target is not None and (id(target[0]), target[1]) in places
            ]
        return self._pulled_indices


def _fits(value: Any, before: Any) -> bool:
    """Whether a new value can lie in a slot of the type inferred from the old one."""
    if isinstance(value, torch.Tensor):
        return before is _RELEASED or isinstance(before, torch.Tensor)
    return type(value) is type(before)


def _never() -> bool:
    return False


def _is_sharded(module: torch.nn.Module) -> bool:
    """FSDP2 puts the whole parameters in place for one call."""
    return any(base.__name__ == "FSDPModule" for base in type(module).__mro__)


def _is_in_functional_call() -> bool:
    """Whether `torch.func.functional_call` is on the stack; looked up only when a tensor was replaced."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code is _FUNCTIONAL_CALL:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
