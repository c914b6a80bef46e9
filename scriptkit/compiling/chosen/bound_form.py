"""A compiled form bound to the Python module it stands for: its tensors follow, everything else must be as it was."""

from __future__ import annotations

import inspect
import threading
import types
from collections import OrderedDict
from itertools import chain
from operator import attrgetter, getitem, is_
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import log
from scriptkit.engines.torchscript.engine import state as engine_state
from scriptkit.errors import CompilationError
from scriptkit.live import hooks as live_hooks
from scriptkit.live import programs
from scriptkit.live.globals_read import globals_read, read_by
from scriptkit.live.hooks import has_hooks_of_torch
from scriptkit.live.steady import ChangingError
from scriptkit.watching.just_replaced import JustReplaced
from scriptkit.watching.sameness import holds, is_same, items_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from torch import nn

    from scriptkit.compile_report import ReportRow
    from scriptkit.compiling.chosen.choice import Choice


_TENSORS = ("_parameters", "_buffers")
_BOOKKEEPING = {"training", "_modules", "_is_full_backward_hook", "_compiled_call_impl", *live_hooks.HOOKS, *_TENSORS}
_dtype_of, _device_of, _version_of = attrgetter("dtype"), attrgetter("device"), attrgetter("_version")
_CODE_OF, _DEFAULTS_OF = attrgetter("__code__"), attrgetter("__defaults__")


class BoundForm:
    """One compiled form and what of the module it depends on.

    A lowered program brings the facts it was made from; for anything else every attribute counts.
    """

    is_for_some_calls = False

    def __init__(self, module: nn.Module, choice: Choice) -> None:
        self.choice = choice
        self.form = choice.form
        self._questions = [program.question for program in choice.programs]
        self._states = [part.__dict__ for part in module.modules() if not programs.is_compiled(part)]
        self._find_tensors(module, choice)
        self._find_hooks(module)
        self._find_values([*_values_of(module), *globals_read(module), *chain.from_iterable(map(read_by, self._hooks))])
        self._find_code(module)
        self._written = written_in(module, choice)
        self._training: bool | None = None
        self._replaced = JustReplaced()
        self._lock = threading.Lock()
        if threading.active_count() > 1:
            self._require_one_state(module)

    def _require_one_state(self, module: nn.Module) -> None:
        """What was read one after the other is of the same modules: nobody exchanged one, and put it back later."""
        states, of_modules = {id(state) for state in self._states}, {id(state["_modules"]) for state in self._states}
        of_tensors = {id(state[name]) for state in self._states for name in _TENSORS}
        places = zip(self._value_holders, self._values, strict=True)
        children = [child for holder, child in places if id(holder) in of_modules and child is not None]
        are_known = all(programs.is_compiled(child) or id(child.__dict__) in states for child in children)
        if not are_known or any(isinstance(held, dict) and id(held) not in of_tensors for held in self._holders):
            raise ChangingError.of(module)

    @property
    def writes_state(self) -> bool:
        """Whether compiled code assigns attributes."""
        return bool(self._written)

    # ------------------------------------------------------------------ looking

    def _find_tensors(self, module: nn.Module, choice: Choice) -> None:
        where = {id(tensor): (holder, name) for holder, name, tensor in _tensors_of(module)}
        lowered = [(cpp, name, holder[key]) for one in choice.programs for holder, key, cpp, name in one.tensor_slots()]
        places = [*engine_state.tensor_slots(self.form), *lowered]
        unique = {(id(cpp), name): (cpp, name, tensor) for cpp, name, tensor in places}
        if threading.active_count() > 1:
            _require_held(module, (tensor for _, _, tensor in places), where)
        slots = [(*where[id(t)], cpp, name) for cpp, name, t in unique.values() if id(t) in where]
        self._slots = slots
        shared = (((holder, name), where[id(tensor)]) for holder, name, tensor in _tensors_of(module))
        self._shared = [(one, other) for one, other in shared if one[0] is not other[0] or one[1] != other[1]]
        self._holders: list[Any] = [slot[0] for slot in slots]
        self._keys = [slot[1] for slot in slots]
        held = [holder[key] for holder, key, _, _ in slots]
        self._seen: list[Any] = [None] * len(slots)  # the first call pushes all: what lies there now may be another
        self._dtypes, self._devices = list(map(_dtype_of, held)), list(map(_device_of, held))
        self._count = [(state[name], len(state[name])) for state in self._states for name in (*_TENSORS, "_modules")]

    def _find_values(self, watched: list[tuple[dict[str, Any], str, Any]]) -> None:
        """What the code may have read: what lies there, and what its containers hold."""
        self._value_holders = [holder for holder, _, _ in watched]
        self._value_keys = [key for _, key, _ in watched]
        self._values = [value for _, _, value in watched]
        self._containers = [
            (value, key, items_of(value)) for _, key, value in watched if isinstance(value, _CONTAINERS)
        ]
        self._loose = [value for value in self._values if type(value) is torch.Tensor]
        self._versions = list(map(_version_of, self._loose))

    def _find_code(self, module: nn.Module) -> None:
        functions = {id(f): f for part in module.modules() for f in _functions_of(type(part))}
        functions |= {id(hook): hook for hook in self._hooks}
        self._functions = list(functions.values())
        self._codes = list(map(_CODE_OF, self._functions))
        self._parts = [part for part in module.modules() if not programs.is_compiled(part)]
        self._classes = list(map(type, self._parts))
        self._methods = [(cls, getattr(cls, "forward", None)) for cls in dict.fromkeys(self._classes)]
        self._defaults = list(map(_DEFAULTS_OF, self._functions))
        self._names = [{f.__name__ for f in _functions_of(cls)} | {"forward"} for cls in self._classes]
        self._own_methods = self._methods_of_instances()
        self._sizes = list(map(len, self._states))

    def _methods_of_instances(self) -> list[set[str]]:
        """The methods that instances have instead of those of their classes."""
        return [state.keys() & names for state, names in zip(self._states, self._names, strict=True)]

    def _find_hooks(self, module: nn.Module) -> None:
        """A trace holds the hooks that torch itself set (`weight_norm`); torch.jit.script compiles forward hooks."""
        found = [state[name] for state in self._states for name in live_hooks.HOOKS if name in state]
        self._no_hooks = [hooks for hooks in found if not hooks]
        self._recorded_hooks = [(hooks, OrderedDict(hooks)) for hooks in found if hooks]
        hooks = (inspect.unwrap(hook) for _, recorded in self._recorded_hooks for hook in recorded.values())
        self._hooks = [hook for hook in hooks if isinstance(hook, types.FunctionType)]
        modes = {row.path: str(row.mode) for row in self.rows}
        self._foreign_hook = bool(self._recorded_hooks) and has_foreign_hooks(self.form, module, modes)

    # ------------------------------------------------------------------- asking

    def why_eagerly(self) -> str | None:
        """The reason for which the next call must run as Python."""
        if self._has_hooks():
            return "a submodule has hooks, which compiled code would not run"
        changed = self._changed()
        if changed is not None:
            return f"{changed} changed after compiling"
        if len({state["training"] for state in self._states}) > 1:
            return "only some submodules are in training mode"
        if self._states[0]["training"] and self.choice.eval_only:
            return f"compiled for evaluation only: {self.choice.eval_only}"
        return None

    def why_in_no_file(self) -> str | None:
        """The change of the module since it was compiled, for which its form computes something else."""
        return self.why_eagerly() if self._has_hooks() or self._changed() is not None else None

    def is_outdated(self) -> bool:
        """Whether the module changed so that another form is needed; while it has hooks it runs as Python anyway."""
        return not self._has_hooks() and self._changed() is not None

    def _has_hooks(self) -> bool:
        if self._foreign_hook or any(self._no_hooks) or any(live_hooks.global_hooks()):
            return True
        return any(hooks != old for hooks, old in self._recorded_hooks)

    def _changed(self) -> str | None:
        """What is not as it was when the form was made, in words."""
        broken = next((fact for question in self._questions if (fact := question.broken()) is not None), None)
        if broken is not None:
            return broken.removesuffix(" changed")
        try:
            if not all(map(is_, map(getitem, self._value_holders, self._value_keys), self._values)):
                value = self._changed_value()
                if value is not None:
                    return value
            tensors = list(map(getitem, self._holders, self._keys))
            if list(map(_dtype_of, tensors)) != self._dtypes or list(map(_device_of, tensors)) != self._devices:
                return self._changed_kind(tensors)
        except (KeyError, AttributeError) as error:
            return f"`{error.args[0]}`"
        if any(len(holder) != size for holder, size in self._count) or self._have_shared_parted():
            return "the structure of the module"
        if list(map(_version_of, self._loose)) != self._versions:
            return "a tensor attribute"
        code = self._changed_code()
        if code is not None:
            return code
        return next((f"`{key}`" for value, key, before in self._containers if not holds(value, before)), None)

    def _changed_code(self) -> str | None:
        """Which code is another: that of a function, the class of a module, a method of it."""
        if not all(map(is_, map(_CODE_OF, self._functions), self._codes)):
            return "the code of a method"
        if not all(map(is_, map(_DEFAULTS_OF, self._functions), self._defaults)):
            return "a default of a method"
        if not all(map(is_, map(type, self._parts), self._classes)):
            return "the class of a module"
        if list(map(len, self._states)) != self._sizes and self._methods_of_instances() != self._own_methods:
            return "a method of an instance"
        changed = (cls for cls, method in self._methods if getattr(cls, "forward", None) is not method)
        return next((f"`{cls.__name__}.forward`" for cls in changed), None)

    def _have_shared_parted(self) -> bool:
        """Whether one tensor in two places became two: the form cannot tell which place is which."""
        return any(one[key] is not other[name] for (one, key), (other, name) in self._shared)

    def _changed_value(self) -> str | None:
        for holder, key, value in zip(self._value_holders, self._value_keys, self._values, strict=True):
            if not is_same(holder[key], value):
                return f"`{key}`"
        return None

    def _changed_kind(self, tensors: list[torch.Tensor]) -> str:
        kinds = zip(self._keys, tensors, self._dtypes, self._devices, strict=True)
        key, tensor = next((k, t) for k, t, dtype, device in kinds if (t.dtype, t.device) != (dtype, device))
        return f"`{key}` (now {tensor.dtype} on {tensor.device})"

    # ------------------------------------------------------------------ running

    def bind(self) -> None:
        """Push tensors that were exchanged, and the training mode."""
        if not all(map(is_, map(getitem, self._holders, self._keys), self._seen)):
            with self._lock:
                self._push()
        if bool(self._states[0]["training"]) is not self._training:
            with self._lock:
                training = bool(self._states[0]["training"])
                self.form.train(training)
                self._training = training

    def _push(self) -> None:
        """Push what lies there by the time no other thread pushes: what was read before that may have been replaced."""
        for number, tensor in enumerate(map(getitem, self._holders, self._keys)):
            before = self._seen[number]
            if tensor is not before:
                _, _, cpp, name = self._slots[number]
                self._replaced.keep(before, cpp, others_run=threading.active_count() > 1)
                if before is not None:
                    log.bind.debug("%s: `%s` is another tensor now", self.choice.rows[0].class_name, name)
                cpp.setattr(name, tensor)
                self._seen[number] = tensor

    def pull_back(self) -> None:
        """Give the module the attributes that compiled code wrote."""
        if self._written:
            pull_back(self._written)
            self._values = list(map(getitem, self._value_holders, self._value_keys))

    @property
    def rows(self) -> list[ReportRow]:
        """The rows of the choice, with paths from the module itself."""
        return self.choice.rows_from_here()

    @property
    def eval_only(self) -> str:
        """Why the form holds in evaluation only; empty where it does not."""
        return self.choice.eval_only


_CONTAINERS = (list, dict, set, tuple)


def _require_held(module: nn.Module, tensors: Iterator[torch.Tensor], where: Container[int]) -> None:
    """A form made of a tree that another thread exchanged and put back would follow tensors of nobody."""
    if any(isinstance(tensor, torch.nn.Parameter) and id(tensor) not in where for tensor in tensors):
        raise ChangingError.of(module)


def _tensors_of(module: nn.Module) -> Iterator[tuple[dict[str, Any], str, torch.Tensor]]:
    for part in module.modules():
        for holder in (part._parameters, part._buffers):
            for name, tensor in holder.items():
                if tensor is not None:
                    yield holder, name, tensor


def _values_of(module: nn.Module) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Attributes, submodules, and the plain attributes of objects such as a configuration."""
    seen: set[int] = set()
    for part in module.modules():
        if programs.is_compiled(part):
            continue
        yield from ((part._modules, name, child) for name, child in part._modules.items())
        for name, value in part.__dict__.items():
            if name in _BOOKKEEPING or name.startswith("__"):
                continue
            yield part.__dict__, name, value
            if id(value) not in seen and _is_plain_object(value):
                seen.add(id(value))
                yield from ((vars(value), key, v) for key, v in vars(value).items() if _is_plain(v))


_PLAIN = (bool, int, float, str, type(None))


def _is_plain(value: object) -> bool:
    return isinstance(value, (*_PLAIN, torch.dtype))


def _is_plain_object(value: object) -> bool:
    not_plain = (torch.Tensor, torch.nn.Module, type, types.ModuleType, types.FunctionType, types.MethodType)
    return hasattr(value, "__dict__") and not isinstance(value, not_plain)


def _functions_of(cls: type) -> Iterator[types.FunctionType]:
    """The Python functions of a class and its bases, torch's own classes left out."""
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] not in {"torch", "builtins"}:
            yield from (value for value in vars(base).values() if isinstance(value, types.FunctionType))


Written = tuple[dict[str, Any], str, Any]


def pull_back(written: list[Written]) -> None:
    """Give a module the attributes that compiled code wrote."""
    for state, name, cpp in written:
        holder = next((state[kind] for kind in _TENSORS if name in state[kind]), state)
        holder[name] = cpp.getattr(name)


def written_in(module: nn.Module, choice: Choice) -> list[Written]:
    """Attributes that the form assigns, each with the module they belong to; a trace assigns none."""
    found: list[Written] = []
    for path, names, cpp in engine_state.assigned_attributes(choice.form):
        try:
            part = module.get_submodule(path)
        except AttributeError:
            part = None
        if part is None or not all(hasattr(part, name) for name in names):
            raise CompilationError(f"compiled code of `{path}` assigns {', '.join(map(repr, names))}, which is nowhere")
        found += [(part.__dict__, name, cpp) for name in names]
    return found


def has_foreign_hooks(form: torch.jit.ScriptModule, module: nn.Module, modes: dict[str, str]) -> bool:
    """Whether a form computes without some hook of the module: a trace has those that torch itself set."""
    return any(
        modes.get(path) != "trace" or not has_hooks_of_torch(module.get_submodule(path))
        for path in engine_state.hooks_lost(form, module)
    )
