"""What a lowered program takes for granted of the Python world.

Everything static that evaluation reads and that the run did not create is noted here: attributes, class members,
globals, variables of closures, contents of containers, code. `asking` asks before a call whether it still holds.
"""

from __future__ import annotations

import gc
import os
import types
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.hooks import RemovableHandle

from scriptkit.compiling.lowering.world.refusing import RaisedError
from scriptkit.live import hooks
from scriptkit.watching.sameness import MISSING, items_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextvars import ContextVar
    from types import CellType, CodeType, FunctionType

_IMMUTABLE_TYPE = 1 << 8
_PLAIN = (bool, int, float, str, type(None), torch.dtype)


@dataclass(frozen=True)
class Place:
    """One key of a dictionary, what was found there, and its name for the user."""

    holder: Any
    key: Any
    value: Any
    words: str

    @property
    def now(self) -> Any:
        """What is there at this moment."""
        return dict.get(self.holder, self.key, MISSING)


@dataclass
class Facts:
    """Everything static that was read and is not the run's own; the residual program holds while all of it does."""

    places: dict[tuple[int, Any], Place] = field(default_factory=dict)
    cells: dict[int, tuple[CellType, Any]] = field(default_factory=dict)
    containers: dict[int, tuple[Any, list[Any]]] = field(default_factory=dict)
    functions: dict[int, tuple[FunctionType, CodeType, Any, Any]] = field(default_factory=dict)
    context: dict[ContextVar[Any], tuple[Any, Any]] = field(default_factory=dict)
    keys: dict[int, tuple[Mapping[Any, Any], list[Any]]] = field(default_factory=dict)
    slots: dict[tuple[int, str], tuple[Any, str, Any]] = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)
    modules: dict[int, torch.nn.Module] = field(default_factory=dict)
    instances: dict[int, tuple[Any, type]] = field(default_factory=dict)
    classes: dict[type, tuple[type, ...]] = field(default_factory=dict)
    dtype: torch.dtype = field(default_factory=torch.get_default_dtype)
    had_global_hooks: bool = field(default_factory=lambda: any(map(bool, hooks.global_hooks())))
    last_hook: int = field(default_factory=lambda: RemovableHandle.next_id)

    def are_of(self, places: Sequence[tuple[str, torch.nn.Module]]) -> bool:
        """Whether the submodules that were read are those at their paths: a thread may exchange one and put it back."""
        at = dict(places)
        for path, part in places:
            parent, _, name = path.rpartition(".")
            known = self.places.get((id(at[parent]._modules), name)) if path else None
            if known is not None and known.value is not part:
                return False
        return True

    # ---- noting

    def read(self, holder: Mapping[Any, Any], key: Any, value: Any, words: str) -> Any:
        """Record that `holder[key]` is `value`."""
        if not _is_unchangeable(value):
            place = Place(_own_dict(holder), key, value, words)
            # it may be missing, where a module or an object makes it when it is asked for
            self.places.setdefault((id(place.holder), key), replace(place, value=place.now))
        return value

    def member(self, cls: type, base: type, name: str) -> Any:
        """Record what the body of `base` holds under a name, and that no class between it and `cls` overrides it."""
        for between in cls.__mro__[: cls.__mro__.index(base)]:
            if not between.__flags__ & _IMMUTABLE_TYPE:
                self.absent(vars(between), name)
        return self.read(vars(base), name, vars(base)[name], f"`{base.__name__}.{name}`")

    def absent(self, holder: Mapping[Any, Any], key: Any) -> None:
        """Record that `holder` has no such key."""
        holder = _own_dict(holder)
        self.places.setdefault((id(holder), key), Place(holder, key, MISSING, f"`{key}`"))

    def was_read(self, holder: Mapping[Any, Any], key: Any) -> bool:
        """Whether somebody asked for a key before."""
        return (id(_own_dict(holder)), key) in self.places

    def cell(self, cell: CellType, name: str) -> Any:
        """The content of a closure's cell, recorded."""
        try:
            value = cell.cell_contents
        except ValueError:
            raise RaisedError(NameError(f"free variable '{name}' is not defined")) from None
        self.cells.setdefault(id(cell), (cell, value))
        return value

    def content(self, container: Any) -> None:
        """Record the items of somebody's list, dict or set."""
        if isinstance(container, (list, dict, set)) and id(container) not in self.containers:
            self.containers[id(container)] = (container, items_of(container))

    def function(self, function: FunctionType) -> None:
        """Record the code of a function that is evaluated, and its default values."""
        self.content(function.__kwdefaults__)
        known = (function, function.__code__, function.__defaults__, function.__kwdefaults__)
        self.functions.setdefault(id(function), known)

    def keys_of(self, container: Mapping[Any, Any]) -> None:
        """Record what a dictionary of modules or tensors has, by name."""
        self.keys.setdefault(id(container), (container, list(container)))

    def slot(self, owner: Any, name: str, value: Any) -> Any:
        """Record an attribute that lies in no dictionary."""
        self.slots.setdefault((id(owner), name), (owner, name, value))
        return value

    def instance(self, owner: Any) -> None:
        """Record the class of an object, and the bases of the class."""
        cls = type(owner)
        self.instances.setdefault(id(owner), (owner, cls))
        if not cls.__module__.startswith("torch."):
            self.classes.setdefault(cls, cls.__mro__)

    def variable(self, name: str) -> None:
        """Record a variable of the environment."""
        self.environment.setdefault(name, os.environ.get(name))

    def module(self, module: torch.nn.Module) -> None:
        """Record that a module has no hooks, and no `forward` of its own instance."""
        self.modules.setdefault(id(module), module)
        self.instance(module)

    def leaf(self, module: torch.nn.Module) -> None:
        """Record what the compiler reads of a module of torch: its plain attributes are constants of the program."""
        self.module(module)
        self.absent(vars(module), "forward")
        where = type(module).__name__
        for name in _read_by(type(module)):
            for holder in (vars(module), module._parameters):
                value = holder.get(name, MISSING)
                if isinstance(value, (*_PLAIN, tuple, list)):
                    self.read(holder, name, value, f"`{where}.{name}`")
                    self.content(value)
        forward = self.member(type(module), next(b for b in type(module).__mro__ if "forward" in vars(b)), "forward")
        if isinstance(forward, types.FunctionType):
            self.function(forward)

    def assumptions(self) -> list[str]:
        """The plain values that are part of the program, for its file: `config.hidden_act` is 'gelu'."""
        told = (
            f"{place.words} is {place.value!r}"
            for place in self.places.values()
            if isinstance(place.value, _PLAIN) and type(place.holder) is dict and not place.key.startswith("__")
        )
        return sorted(set(told))


def _is_unchangeable(value: object) -> bool:
    """Whether a member belongs to a class written in C, which nobody can change."""
    owner = getattr(value, "__objclass__", None) if isinstance(value, _OF_C) else None
    return owner is not None and bool(owner.__flags__ & _IMMUTABLE_TYPE)


_OF_C = (
    *(types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType),
    *(types.MemberDescriptorType, types.ClassMethodDescriptorType),
)


def _own_dict(holder: Any) -> Any:
    """The dictionary behind a view of it: `vars(cls)` makes a new view every time."""
    if type(holder) is types.MappingProxyType:
        return next(iter(gc.get_referents(holder)))
    return holder


_names_read: dict[type, tuple[str, ...]] = {}


def _read_by(cls: type) -> tuple[str, ...]:
    """The names that the code of a class of torch mentions, as far as it can run in a call."""
    if cls not in _names_read:
        _names_read[cls] = _find_names_read(cls)
    return _names_read[cls]


def _find_names_read(cls: type) -> tuple[str, ...]:
    bases = cls.__mro__[: cls.__mro__.index(torch.nn.Module)]
    functions = (f for base in bases for name, f in vars(base).items() if name not in _BEFORE_CALLS)
    codes = [f.__code__ for f in functions if isinstance(f, types.FunctionType)]
    return tuple(sorted({name for code in codes for name in code.co_names} - {"training"}))


_BEFORE_CALLS = frozenset({"__init__", "extra_repr", "__repr__", "reset_parameters", "__setstate__", "from_pretrained"})
