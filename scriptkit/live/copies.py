"""Running somebody's module without leaving a trace of it: a copy of the tree, and random states that come back.

Parameters are shared with the user's module, so that a compiled copy trains and moves with it. Everything else that
running a module can change is copied: buffers, containers, attributes. What runs is a life (`live.lives`), which has
parameters of its own, too.
"""

from __future__ import annotations

import enum
import functools
import random
import sys
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn

from scriptkit.live.programs import is_compiled
from scriptkit.live.steady import HELD, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

M = TypeVar("M", bound=nn.Module)
Tree = list[tuple[nn.Module, dict[str, Any]]]
CONTAINERS = (dict, list, tuple, set, deque)
_ATOMS = frozenset({type(None), bool, int, float, str})
_DICTIONARIES = frozenset({dict, OrderedDict})
_SCALARS = (type(None), bool, int, float, str, bytes, type, types.FunctionType, types.ModuleType)


def copy_tree(module: M, replaced: dict[int, Any] | None = None, tree: Tree | None = None) -> M:
    """A module of the same class with the same parameters, and with buffers, containers and attributes of its own.

    Programs of TorchScript are shared, not copied; in the place of what `scriptkit.compile` gives stands a copy of the
    module it was made from. `replaced` gives other objects in the place of some, by their id; `tree` is what lies in
    the module, where it was read before.
    """
    parts = [(part, held) for part, held in tree or tree_of(module) if not is_compiled(part)]
    memo: dict[int, Any] = {id(p): p for _, held in parts for p in held.get("_parameters", {}).values()}
    memo |= replaced or {}
    sources = {id(part): held["__scriptkit_inner__"][0] for part, held in parts if "__scriptkit_inner__" in held}
    for part, _ in parts:
        source = sources.get(id(part), part)
        if id(source) not in memo:
            memo[id(source)] = object.__new__(type(source))
        memo[id(part)] = memo[id(source)]
    for part, held in parts:
        source = sources.get(id(part), part)
        memo[id(part)].__dict__.update(_state(source, held if source is part else dict(vars(source)), memo))
    copied: M = memo.get(id(module), module)
    return copied


def converted(module: M, change: Callable[[torch.Tensor], torch.Tensor]) -> M:
    """A copy whose parameters and buffers are changed ones: in another dtype, on another device."""
    memo: dict[int, Any] = {}
    for tensor in (*module.parameters(), *module.buffers()):
        memo[id(tensor)] = change(tensor.detach())
        if isinstance(tensor, nn.Parameter):
            memo[id(tensor)] = nn.Parameter(memo[id(tensor)], requires_grad=tensor.requires_grad)
    return copy_tree(module, memo)


def _state(module: nn.Module, held: dict[str, Any], memo: dict[int, Any]) -> dict[str, Any]:
    """The instance dictionary of a copy; entries whose names begin with two underscores belong to the original."""
    made: dict[str, Any] = {}
    for name, value in held.items():
        kind = type(value)
        if name[:2] == "__":
            continue
        if kind in _ATOMS:
            made[name] = value
        elif kind in _DICTIONARIES and not value and id(value) not in memo:  # most of what modules hold, for hooks
            made[name] = memo[id(value)] = kind()
        else:
            made[name] = _copy(value, memo)
    memo.update((id(vars(module).get(name)), made[name]) for name in HELD if name in made)
    return made


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    """Copy what running code may change in place; share the rest."""
    if isinstance(value, _SCALARS):
        return value
    if id(value) in memo:
        return memo[id(value)]
    made = _copied(value, memo)
    memo[id(value)] = made
    return made


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, torch.Tensor):
        return value if isinstance(value, nn.Parameter) or value.grad_fn is not None else _clone(value)
    if isinstance(value, (dict, list, set, deque, tuple)):
        return _copied_container(value, memo)
    if isinstance(value, types.MethodType) and id(value.__self__) in memo:
        return types.MethodType(value.__func__, memo[id(value.__self__)])
    if isinstance(value, weakref.ReferenceType):
        target = memo.get(id(value()))
        return value if target is None or type(value) is not weakref.ReferenceType else weakref.ref(target)
    if isinstance(value, functools.partial):
        keywords = {name: _copy(item, memo) for name, item in value.keywords.items()}
        return functools.partial(_copy(value.func, memo), *(_copy(item, memo) for item in value.args), **keywords)
    return _copied_object(value, memo) if is_plain_object(value) else value


def is_plain_object(value: object) -> bool:
    """Whether all that can change in a value is its `__dict__`: an instance of a class written in Python, no module."""
    kind = type(value)
    return (
        hasattr(value, "__dict__")
        and bool(value.__dict__)
        and kind.__reduce_ex__ is object.__reduce_ex__
        and kind.__reduce__ is object.__reduce__
        and all(base is object or base.__flags__ & _WRITTEN_IN_PYTHON for base in kind.__mro__)
        and kind.__module__.partition(".")[0] not in _NOT_PLAIN
        and not isinstance(value, (nn.Module, type, enum.Enum))
    )


_WRITTEN_IN_PYTHON = 1 << 9
_NOT_PLAIN = {*sys.stdlib_module_names, "torch", "numpy", "scriptkit"} - {"__main__"}


def _copied_object(value: Any, memo: dict[int, Any]) -> Any:
    made = memo[id(value)] = object.__new__(type(value))
    made.__dict__.update((name, _copy(item, memo)) for name, item in value.__dict__.items())
    return made


def _clone(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


def _copied_container(value: Any, memo: dict[int, Any]) -> Any:
    kind = type(value)
    if kind in {dict, OrderedDict}:
        return kind((key, _copy(item, memo)) for key, item in value.items())
    if kind is defaultdict:
        return defaultdict(value.default_factory, {key: _copy(item, memo) for key, item in value.items()})
    if kind is deque:
        return deque((_copy(item, memo) for item in value), value.maxlen)
    if kind in {list, set, tuple}:
        return kind(_copy(item, memo) for item in value)
    return value


@contextmanager
def buffers_restored(buffers: Iterable[torch.Tensor]) -> Iterator[None]:
    """Give buffers that were written in place their content back."""
    before = [(buffer, buffer._version, buffer.detach().clone()) for buffer in buffers]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, version, content in before:
                if buffer._version != version or not _has_content(buffer, content):
                    buffer.copy_(content)


def _has_content(buffer: torch.Tensor, content: torch.Tensor) -> bool:
    """Whether nothing was written: batch norm writes its running statistics without a new version."""
    return buffer.device.type == "meta" or buffer.layout != torch.strided or torch.equal(buffer, content)


def asks_for_gradients(error: Exception) -> bool:
    """Whether code failed because it calls `backward` itself, and gradients were off."""
    return isinstance(error, RuntimeError) and "does not require grad" in str(error)


@contextmanager
def gradients_kept(module: nn.Module) -> Iterator[None]:
    """Give the parameters their gradients back: most copies of the tree have the same parameters."""
    before = [(parameter, parameter.grad) for parameter in module.parameters()]
    for parameter, _ in before:
        parameter.grad = None
    try:
        yield
    finally:
        for parameter, gradient in before:
            parameter.grad = gradient


@contextmanager
def random_states_kept(seed: int | None = None) -> Iterator[None]:
    """Give torch's, Python's and NumPy's random numbers their state back afterwards, also after an error.

    With a seed, all of them start from it: two runs with one seed draw the same numbers.
    """
    numpy = sys.modules.get("numpy.random")
    python_state, numpy_state = random.getstate(), numpy.get_state() if numpy else None
    torch_state = torch.get_rng_state()
    devices = torch.cuda.get_rng_state_all() if _devices_in_use() else None
    try:
        if seed is not None:
            _seed_everything(seed, numpy)
        yield
    finally:
        random.setstate(python_state)
        torch.set_rng_state(torch_state)
        if numpy:
            numpy.set_state(numpy_state)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)


def _devices_in_use() -> bool:
    return bool(torch.cuda.is_initialized())


def _seed_everything(seed: int, numpy: types.ModuleType | None) -> None:
    """Unlike `torch.manual_seed`, this leaves devices alone that nobody has used yet."""
    torch.default_generator.manual_seed(seed)
    random.seed(seed)
    if numpy:
        numpy.seed(seed)
    if _devices_in_use():
        torch.cuda.manual_seed_all(seed)


def with_fresh_tensors(value: Any, memo: dict[int, torch.Tensor] | None = None) -> Any:
    """A nested value whose tensors are clones: code that writes its arguments writes these. One tensor stays one."""
    from scriptkit.live.nested import build, flatten

    seen: dict[int, torch.Tensor] = {} if memo is None else memo
    tensors, structure = flatten(value)
    return build(structure, [seen.setdefault(id(t), _clone(t)) if t.is_leaf else t.clone() for t in tensors])


def detached(value: Any) -> Any:
    """A nested value whose tensors are clones outside of every graph, where code may differentiate."""
    from scriptkit.live.nested import build, flatten

    seen: dict[int, torch.Tensor] = {}
    tensors, structure = flatten(value)
    return build(structure, [seen.setdefault(id(tensor), _clone(tensor)) for tensor in tensors])
