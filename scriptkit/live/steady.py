"""What is made of a tree that other threads may be changing: made of one state of it, or told that there is none.

Nothing can stop another thread from writing to a module. So what lies in the tree is noted before and after something
is made of it: where that is another, what was made, and also the error that was raised, may belong to no state at all.
"""

from __future__ import annotations

import threading
import time
from operator import is_
from typing import TYPE_CHECKING, Any, Final, TypeVar

import torch
from torch.nn.parameter import is_lazy

from scriptkit.errors import CompilationError, ScriptkitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

Made = TypeVar("Made")

_ATTEMPTS: Final = 8
_REFUSALS_BELIEVED: Final = 3
"""How often a refusal has to come while other threads run: a change may be undone before anybody sees it."""
_LOOKS, _BETWEEN_LOOKS = 8, 0.0007  # seconds
HELD: Final = ("_parameters", "_buffers", "_modules")


class ChangingError(CompilationError):
    """Another thread changed the module each time something was made of it."""

    reason = "another thread changes it all the time"

    @classmethod
    def of(cls, module: nn.Module) -> ChangingError:
        """The error for a module."""
        message = f"{type(module).__name__} cannot be compiled as it is now: {cls.reason}"
        return cls(f"{message}; change it under a lock that its callers take, or after they ended")


def made_of_one_state(module: nn.Module, make: Callable[[], Made]) -> Made:
    """What `make` makes of a tree, made again where the tree was changed meanwhile.

    Raises:
        ChangingError: no attempt met one state, or each failed in a way that no single thread has seen.
        Exception: what `make` raises of a tree that nobody changes.
    """
    if threading.active_count() == 1:
        return make()  # what changes is changed by what is made, and would be so again
    refusals = 0
    for attempt in range(_ATTEMPTS):
        before = _State(module)
        try:
            made = make()
        except Exception as error:
            refusals = refusals + 1 if before.holds_for_a_while() else 0
            if refusals and _is_believed(error, refusals):
                raise
        else:
            if attempt == _ATTEMPTS - 1 or before.holds():
                return made
    raise ChangingError.of(module)


def _is_believed(error: Exception, refusals: int) -> bool:
    """Whether an error is one of the tree itself."""
    return isinstance(error, ScriptkitError) and refusals >= _REFUSALS_BELIEVED


def parts_of(module: nn.Module) -> list[nn.Module]:
    """The modules of a tree; `modules()` stops where another thread adds one meanwhile."""
    return [part for part, _ in tree_of(module)]


def tree_of(module: nn.Module) -> list[tuple[nn.Module, dict[str, Any]]]:
    """Each module of a tree with what lies in it, read once: nothing of it is another when it is read again."""
    found: dict[int, tuple[nn.Module, dict[str, Any]]] = {}
    waiting = [module]
    while waiting:
        part = waiting.pop()
        if id(part) in found:
            continue
        held = vars(part).copy()
        held.update({name: held[name].copy() for name in HELD if isinstance(held.get(name), dict)})
        found[id(part)] = part, held
        children = held.get("_modules")
        children = [*(children if isinstance(children, dict) else part._modules).values()]
        waiting += [child for child in reversed(children) if child is not None]
    return [*found.values()]


def require_parts(module: nn.Module, parts: list[nn.Module]) -> None:
    """Raise `ChangingError` where a tree has other modules than it had."""
    if [*map(id, parts_of(module))] != [*map(id, parts)]:
        raise ChangingError.of(module)


def places_of(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Each path of a tree with what is there; a module may be at several."""
    return [*module.named_modules(remove_duplicate=False)]


def require_places(module: nn.Module, places: list[tuple[str, nn.Module]]) -> None:
    """Raise `ChangingError` where something else is at a path than was."""
    if [(path, id(part)) for path, part in places_of(module)] != [(path, id(part)) for path, part in places]:
        raise ChangingError.of(module)


class _State:
    """What lies in a tree, by identity, and of what kind its tensors are."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._held, self._kinds = _contents(module)

    def holds_for_a_while(self) -> bool:
        """Whether nobody is seen to change it: who exchanges a part and puts it back shows the same tree in between."""
        for _ in range(_LOOKS):
            if not self.holds():
                return False
            time.sleep(_BETWEEN_LOOKS)
        return self.holds()

    def holds(self) -> bool:
        """Whether everything is as it was noted."""
        held, kinds = _contents(self._module)
        is_same = len(held) == len(self._held) and all(map(is_, held, self._held))
        return is_same and kinds == self._kinds


def _contents(module: nn.Module) -> tuple[list[Any], list[Any]]:
    held: list[Any] = []
    for part, state in tree_of(module):
        held += (part, type(part))
        for name, value in state.items():
            if name in HELD:
                held += value.values()
            elif not name.startswith("__") and not getattr(value, "__scriptkit_run__", False):
                held.append(value)
    tensors = (value for value in held if isinstance(value, torch.Tensor) and not is_lazy(value))
    return held, [(tensor.dtype, tensor.device, tensor.shape) for tensor in tensors]
