"""A life of its own for a module: everything a run can change is another's, and nothing is copied before it is written.

Whoever runs a module on trial runs a life of it. Whoever compares a module with a form gives each a life, the same at
the start: what one writes never feeds the other. `OwnTensors` are the tensors of one life. They share memory with the
user's until written; two names of one tensor, and two views of one memory, stay what they are to each other.
"""

from __future__ import annotations

import copy
import functools
import inspect
import types
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from scriptkit.errors import CompilationError
from scriptkit.live.attributes_seen import AttributesSeen
from scriptkit.live.copies import CONTAINERS, copy_tree, is_plain_object
from scriptkit.live.programs import is_script_module, resizes, with_own_state
from scriptkit.live.steady import tree_of
from scriptkit.live.storages import is_unwritten, over, shared_until_written, storage_key

if TYPE_CHECKING:
    from collections.abc import Iterator

M = TypeVar("M", bound=nn.Module)
_RESIZING = frozenset({"resize_", "resize_as_", "resize"})
_PLAIN_TENSORS = (torch.Tensor, nn.Parameter)


class OwnTensors:
    """For each tensor of the user one of this life, made when it is first asked for."""

    def __init__(self) -> None:
        self.made: dict[int, torch.Tensor] = {}
        self._originals: list[torch.Tensor] = []  # an id is good while its object lives
        self._storages: dict[int, torch.UntypedStorage] = {}

    def of(self, tensor: torch.Tensor, *, may_grow: bool = False) -> torch.Tensor:
        """This life's tensor for one of the user's; memory that may be resized is copied: torch cannot share it."""
        known = self.made.get(id(tensor))
        if known is None:
            self._originals.append(tensor)
            key = storage_key(tensor) if may_grow else None
            if key is not None and key not in self._storages:
                self._storages[key] = tensor.untyped_storage().clone()
            known = self.made[id(tensor)] = self._own(tensor)
        return known

    def are_unwritten(self) -> bool:
        """Whether surely nobody wrote any of them: the life is as good as new."""
        return all(map(is_unwritten, self.made.values()))

    def _own(self, tensor: torch.Tensor) -> torch.Tensor:
        key = storage_key(tensor)
        if key is None or type(tensor) not in _PLAIN_TENSORS:
            return _copied(tensor)
        made = self._with_storage_of(tensor, key)
        if isinstance(tensor, nn.Parameter):
            made = nn.Parameter(made, tensor.requires_grad)
        elif tensor.is_leaf:
            made.requires_grad_(tensor.requires_grad)
        else:
            made = _in_graph(tensor)
        if tensor.is_leaf and tensor.grad is not None:
            made.grad = self.of(tensor.grad)
        if vars(tensor):
            vars(made).update(vars(tensor))
        return made

    def _with_storage_of(self, tensor: torch.Tensor, key: int) -> torch.Tensor:
        if key in self._storages:
            return over(tensor, self._storages[key])
        made = shared_until_written(tensor)
        self._storages[key] = made.untyped_storage()
        return made


def _in_graph(tensor: torch.Tensor) -> torch.Tensor:
    """A result that is kept in an attribute still belongs to the graph it came from."""
    with torch.enable_grad():
        return tensor.clone()


def _copied(tensor: torch.Tensor) -> torch.Tensor:
    """Tensors without a memory of their own, and those of classes that act for themselves."""
    try:
        if type(tensor) in _PLAIN_TENSORS:
            made = tensor.detach().clone()
            return (
                nn.Parameter(made, tensor.requires_grad)
                if isinstance(tensor, nn.Parameter)
                else made.requires_grad_(tensor.requires_grad)
            )
        return copy.deepcopy(tensor)
    except (RuntimeError, NotImplementedError, TypeError):
        return tensor  # nothing that torch can copy


def life_of(module: M, tensors: OwnTensors | None = None) -> M:
    """A module of the same class with parameters, buffers, containers and attributes of its own, compiled or not."""
    own = OwnTensors() if tensors is None else tensors
    if is_script_module(module):
        return _life_of_program(module, own)  # type: ignore[return-value]
    replaced: dict[int, Any] = {}
    compiled: set[int] = set()
    tree = tree_of(module)
    for part, held in tree:
        if is_script_module(part):
            if id(part) not in compiled:
                replaced[id(part)] = _life_of_program(part, own)
                compiled.update(id(inner) for inner in part.modules())
        else:
            may_grow = _resizes(type(part))  # type: ignore[arg-type]  # mypy asks the instance for its hash
            for tensor in tensors_in(held, set()):
                if is_lazy(tensor):
                    raise CompilationError(f"{type(part).__name__} has no shapes before its first call; call it once")
                own.of(tensor, may_grow=may_grow and not isinstance(tensor, nn.Parameter))
    return copy_tree(module, own.made | replaced, tree)


def _life_of_program(form: torch.jit.ScriptModule, own: OwnTensors) -> torch.jit.ScriptModule:
    may_grow = resizes(form)
    return with_own_state(
        form, lambda tensor: own.of(tensor, may_grow=may_grow and not isinstance(tensor, nn.Parameter))
    )


@functools.cache
def _resizes(cls: type) -> bool:
    """Whether code of a class names `resize_` or its like."""
    methods = (value for base in cls.__mro__ if base is not nn.Module for value in vars(base).values())
    return any(_names_resizing(inspect.unwrap(m).__code__) for m in methods if isinstance(m, types.FunctionType))


def _names_resizing(code: types.CodeType) -> bool:
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return not _RESIZING.isdisjoint(code.co_names) or any(map(_names_resizing, inner))


def tensors_in(value: Any, seen: set[int]) -> Iterator[torch.Tensor]:
    """Every tensor that an attribute holds, also within containers and plain objects."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, CONTAINERS):
        if id(value) not in seen:
            seen.add(id(value))
            for item in value.values() if isinstance(value, dict) else value:
                yield from tensors_in(item, seen)
    elif id(value) not in seen and is_plain_object(value):
        seen.add(id(value))
        yield from tensors_in(vars(value), seen)


class Lives:
    """Lives of one module, one after the other: the last one again, where its run left it as it was made."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.tensors = OwnTensors()
        self._life: nn.Module | None = None
        self._seen: AttributesSeen | None = None

    def next(self) -> nn.Module:
        """A life in the state the module has."""
        if self._life is None or not self.tensors.are_unwritten() or self.has_changed_attributes():
            self.tensors = OwnTensors()
            self._life = life_of(self.module, self.tensors)
            self._seen = AttributesSeen(self._life)
        return self._life

    def same(self) -> nn.Module:
        """The life that runs already, in the state its last run left it in; the first one where none does."""
        return self.next() if self._life is None else self._life

    def has_changed_attributes(self) -> bool:
        """Whether the present life has other attributes than at its start."""
        return self._seen is not None and not self._seen.are_unchanged()
